"""The classifier on Tornado, in one of its styles.

    python3 classifier_tornado.py --style=coroutine --port=8080

callback is a function that the HTTP server calls, without anything of
tornado.web; handler is a RequestHandler with a plain method; coroutine is the
same with a coroutine, which is what most of its users write.
"""

import asyncio
import signal

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, ResponseStartLine
from tornado.web import Application, RequestHandler

import serving


def callback(request):
    body = classify(request.uri.encode("latin1"))
    fields = HTTPHeaders({"Content-Type": "text/plain", "Content-Length": str(len(body))})
    request.connection.write_headers(
        ResponseStartLine("HTTP/1.1", 200, "OK"), fields, None if request.method == "HEAD" else body
    )
    request.connection.finish()


class Plain(RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.finish(classify(self.request.uri.encode("latin1")))

    head = post = get

    def compute_etag(self):
        return None  # the others have none


class Coroutine(Plain):
    async def get(self):
        self.set_header("Content-Type", "text/plain")
        await self.finish(classify(self.request.uri.encode("latin1")))

    head = post = get


def application(style):
    if style == "callback":
        return callback
    kind = Plain if style == "handler" else Coroutine
    return Application([(r".*", kind)], log_function=lambda handler: None)


async def serve(sock, style):
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    server = HTTPServer(application(style))
    server.add_socket(sock)
    await stop.wait()
    server.stop()


if __name__ == "__main__":
    args = serving.options(__doc__)
    args.add_argument("--style", choices=["callback", "handler", "coroutine"], default="handler")
    args = args.parse_args()
    classify = serving.handler(args.cython)
    serving.work(args, lambda sock: asyncio.run(serve(sock, args.style)))
