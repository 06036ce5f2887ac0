"""What the Python servers beside this file share: options, handler, workers."""

import argparse
import importlib
import importlib.machinery
import os
import signal
import socket
import sys


def options(about):
    """Returns a parser of the options that every server here takes."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--workers", type=int, default=1, help="processes that serve")
    parser.add_argument(
        "--cython", choices=["none", "plain", "typed", "nogil"], default="none",
        help="how the handler was compiled: build.py does it",
    )
    return parser


def handler(cython):
    """Returns classify, compiled as asked or not at all.

    It ends the process where something else would be loaded: figures of a
    variant that was not running are worse than none.
    """
    name = "classifier" if cython == "none" else "classifier_" + cython
    try:
        module = importlib.import_module(name)
    except ImportError as e:
        sys.exit("--cython=%s: %s; build.py %s DIR builds it, and DIR belongs in PYTHONPATH" % (cython, e, cython))
    compiled = module.__file__.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))
    if compiled != (cython != "none"):
        sys.exit("--cython=%s: %s was loaded" % (cython, module.__file__))
    return module.classify


def listeners(args, n):
    """Returns n sockets that listen on one address.

    The kernel deals new connections out among them by a hash of the addresses,
    and so not evenly: 40 connections may fall 23 to 17.
    """
    all = []
    for _ in range(n):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if n > 1:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((args.host, args.port))
        all.append(sock)
    # Nobody is let in before all of them can take a part.
    for sock in all:
        sock.listen(1024)
        sock.setblocking(False)
    return all


def work(args, serve):
    """Calls serve(socket) in each of args.workers processes, and sees them end."""
    if args.workers == 1:
        serve(listeners(args, 1)[0])
        return
    socks = listeners(args, args.workers)
    children = set()
    for own in socks:
        child = os.fork()
        if child == 0:
            for sock in socks:
                if sock is not own:
                    sock.close()
            serve(own)
            os._exit(0)
        children.add(child)
    for sock in socks:
        sock.close()
    see_off(children)


def see_off(children):
    """Waits for the children. One that ends unasked takes all with it."""
    stopping = []

    def stop(*_):
        stopping.append(True)
        for child in children:
            os.kill(child, signal.SIGTERM)

    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, stop)
    lost = False
    while children:
        child, _ = os.wait()
        children.discard(child)
        if not stopping:
            lost = True
            stop()
    if lost:
        sys.exit("a worker ended by itself")
