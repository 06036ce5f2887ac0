"""The classifier on an asyncio protocol and httptools, with or without uvloop.

    python3 classifier_httptools.py --loop=uvloop --port=8080
"""

import asyncio
import signal
import socket
import threading

import httptools

import serving


class Connection(asyncio.Protocol):
    """One connection. The parser calls its on_ methods while it is fed."""

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.transport.close()
        except httptools.HttpParserError:
            if not self.transport.is_closing():
                self.respond(b"400 Bad Request", b"", b"Connection: close\r\n")
                self.transport.close()

    def on_message_begin(self):
        self.target = b""

    def on_url(self, url):
        # A target that comes in pieces is told in pieces.
        self.target += url

    def on_message_complete(self):
        if self.transport.is_closing():
            return
        keep = self.parser.should_keep_alive()
        if not keep:
            connection = b"Connection: close\r\n"
        elif self.parser.get_http_version() == "1.0":
            connection = b"Connection: keep-alive\r\n"
        else:
            connection = b""
        self.respond(b"200 OK", classify(self.target), connection)
        if not keep:
            self.transport.close()

    def respond(self, status, body, connection):
        head = b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%b\r\n" % (
            status, len(body), connection,
        )
        if self.parser.get_method() == b"HEAD":
            body = b""
        self.transport.write(head + body)


async def serve(sock):
    stop = asyncio.Event()
    if threading.current_thread() is threading.main_thread():
        for sig in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sig, stop.set)
    server = await asyncio.get_running_loop().create_server(Connection, sock=sock, backlog=1024)
    await stop.wait()
    server.close()


def serve_in_threads(args):
    """Gives every thread a loop and a socket of its own; the process ends with
    the first. They take turns unless the handler lets go of the lock."""
    first, *others = serving.listeners(args, args.threads)
    for sock in others:
        threading.Thread(target=asyncio.run, args=(serve(sock),), daemon=True).start()
    asyncio.run(serve(first))


if __name__ == "__main__":
    args = serving.options(__doc__)
    args.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    args.add_argument("--threads", type=int, default=1, help="threads that serve, in one process")
    args = args.parse_args()
    classify = serving.handler(args.cython)
    if args.loop == "uvloop":
        import uvloop

        uvloop.install()
    if args.threads > 1:
        serve_in_threads(args)
    else:
        serving.work(args, lambda sock: asyncio.run(serve(sock)))
