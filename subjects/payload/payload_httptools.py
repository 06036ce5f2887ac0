"""Answers of a given size from an asyncio protocol and httptools, with or
without uvloop.

    python3 payload_httptools.py --loop=uvloop --port=8080
"""

import argparse
import asyncio
import signal
import socket

import httptools

from sizes import payload


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
        except (httptools.HttpParserUpgrade, httptools.HttpParserError):
            self.transport.close()

    def on_message_begin(self):
        self.target = b""

    def on_url(self, url):
        self.target += url

    def on_message_complete(self):
        body = payload(self.target.decode("latin1"))
        if body is None:
            self.respond(b"404 Not Found", b"not found\n")
        else:
            self.respond(b"200 OK", body)

    def respond(self, status, body):
        keep = self.parser.should_keep_alive()
        head = b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%b\r\n" % (
            status, len(body), b"" if keep else b"Connection: close\r\n",
        )
        if self.parser.get_method() == b"HEAD":
            body = b""
        self.transport.write(head + body)
        if not keep:
            self.transport.close()


async def main(host, port):
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    server = await loop.create_server(Connection, host, port, backlog=1024)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    args = argparse.ArgumentParser()
    args.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    args.add_argument("--host", default="127.0.0.1")
    args.add_argument("--port", type=int, default=8080)
    args = args.parse_args()
    if args.loop == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(main(args.host, args.port))
