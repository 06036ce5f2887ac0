"""Where the Python servers beside this file listen, and in how many processes."""

import argparse
import os
import socket


def arguments(doc):
    """Returns a parser of what all of them take; doc begins with what it is."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("-w", "--workers", type=int, default=1)
    return parser


def listen(args):
    """Listens, and goes on in args.workers processes that share the socket.

    Call it before the event loop exists: a loop must not be shared.
    """
    sock = socket.create_server((args.host, args.port), backlog=1024)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
    for _ in range(args.workers - 1):
        if os.fork() == 0:
            break
    return sock
