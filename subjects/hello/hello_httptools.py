"""An asyncio protocol and httptools, with or without uvloop.

    python3 hello_httptools.py --loop=uvloop --port=8080
"""

import asyncio

import httptools

from serving import arguments, listen

BODY = b"hello"


class Connection(asyncio.Protocol):
    """One connection. The parser calls its on_ methods while it is fed."""

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data):
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.transport.close()
        except httptools.HttpParserError:
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.close()

    def on_message_complete(self):
        keep = self.parser.should_keep_alive()
        if not keep:
            connection = b"Connection: close\r\n"
        elif self.parser.get_http_version() == "1.0":
            connection = b"Connection: keep-alive\r\n"
        else:
            connection = b""
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%b\r\n%b"
            % (len(BODY), connection, BODY)
        )
        if not keep:
            self.transport.close()


async def main(listener):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, sock=listener, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    args = arguments(__doc__)
    args.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    args = args.parse_args()
    listener = listen(args)
    if args.loop == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(main(listener))
