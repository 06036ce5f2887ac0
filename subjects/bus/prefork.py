"""A listening socket, and as many processes as are wanted to accept from it."""

import os
import signal
import socket


def listen(host, port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it from the listening socket.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind((host, port))
    sock.listen(1024)
    sock.setblocking(False)
    return sock


def fork(workers):
    """Returns in each of so many processes; the first process only watches them.

    With one worker there is nothing to watch. Nothing may have been started
    before: neither threads nor loops survive a fork. If one worker ends, all are
    ended.
    """
    if workers == 1:
        return
    children = []
    for _ in range(workers):
        pid = os.fork()
        if pid == 0:
            return
        children.append(pid)
    asked = []

    def stop(number=None, frame=None):
        asked.append(number)
        for pid in children:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    status = 0
    while children:
        pid, ended = os.wait()
        children.remove(pid)
        if not asked:
            status = 1  # it was not to end
            stop()
        status = status or int(ended != 0)
    os._exit(status)
