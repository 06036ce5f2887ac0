"""The ASGI application, for every ASGI server.

    uvicorn --lifespan=off --port=8080 app_asgi:application
"""


async def application(scope, receive, send):
    body = b"hello"
    await send({
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (b"content-type", b"text/plain"),
            (b"content-length", b"%d" % len(body)),
        ],
    })
    await send({"type": "http.response.body", "body": body})
