"""The WSGI application on the standard library's own server.

    python3 hello_wsgiref.py --port=8080

It serves one connection at a time and closes it after the answer, which it
gives in HTTP/1.0 whatever it was asked in.
"""

import argparse
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from app_wsgi import application


class Server(WSGIServer):
    request_queue_size = 1024  # instead of 5, with which connections are lost


class Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def log_message(self, format, *args):
        pass  # no access log


if __name__ == "__main__":
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--host", default="127.0.0.1")
    args.add_argument("--port", type=int, default=8080)
    args = args.parse_args()
    make_server(args.host, args.port, application, Server, Handler).serve_forever()
