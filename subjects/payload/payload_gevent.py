"""Answers of a given size from gevent's pywsgi.

    python3 payload_gevent.py --port=8080
"""

import argparse
import signal
import socket

import gevent
import gevent.event
from gevent.pywsgi import WSGIServer

from sizes import payload


def application(environ, start_response):
    status, body = "200 OK", payload(environ["PATH_INFO"])
    if body is None:
        status, body = "404 Not Found", b"not found\n"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def main(host, port):
    server = WSGIServer((host, port), application, backlog=1024, log=None, error_log=None)
    server.start()
    # Connections inherit it. Head and body go out separately, and without it the
    # second waits until the first is acknowledged, which takes 40 ms.
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stop = gevent.event.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(sig, stop.set)
    stop.wait()
    server.stop(timeout=0)


if __name__ == "__main__":
    args = argparse.ArgumentParser()
    args.add_argument("--host", default="127.0.0.1")
    args.add_argument("--port", type=int, default=8080)
    args = args.parse_args()
    main(args.host, args.port)
