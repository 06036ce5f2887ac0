"""A handler of Tornado.

    python3 hello_tornado.py --port=8080
"""

import asyncio

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from serving import arguments, listen


class Hello(RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.write("hello")

    def compute_etag(self):
        return None  # no hash of each body


async def main(listener):
    application = Application([(r"/", Hello)], log_function=lambda handler: None)
    listener.setblocking(False)
    HTTPServer(application).add_socket(listener)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(listen(arguments(__doc__).parse_args())))
