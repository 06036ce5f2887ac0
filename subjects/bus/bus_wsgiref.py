"""The message bus on the standard library's server: a request at a time.

    python3 bus_wsgiref.py --port=8080 --store=redis://127.0.0.1:6379
"""

import argparse
import os
import signal
import socket
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import channels
import store


class Server(WSGIServer):
    request_queue_size = 1024  # the backlog: five, if nothing is said

    def server_bind(self):
        # Connections inherit it from the listening socket.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().server_bind()


class Handler(WSGIRequestHandler):
    def log_message(self, format, *args):
        pass


args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
store.add_arguments(args)
args = args.parse_args()

# SystemExit would be taken for an error of the request that it meets.
signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
bus = channels.application(store.open_store(args.store, args.ttl, args.channels))
make_server(args.host, args.port, bus, Server, Handler).serve_forever()
