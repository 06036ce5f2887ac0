"""The WSGI application, for every WSGI server.

    gunicorn --bind=127.0.0.1:8080 app_wsgi:application
"""


def application(environ, start_response):
    body = b"hello"
    start_response("200 OK", [
        ("Content-Type", "text/plain"),
        ("Content-Length", str(len(body))),
    ])
    return [body]
