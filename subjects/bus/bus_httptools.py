"""The message bus on an asyncio protocol and httptools, with or without uvloop.

    python3 bus_httptools.py --loop=uvloop --port=8080 --store=redis://127.0.0.1:6379
"""

import argparse
import asyncio
import collections
import os
import re
import signal
from urllib.parse import parse_qsl

import httptools

import prefork
import store
from events import MOST_BYTES, Refused, answer, check, query, receipt, refusal

CHANNEL = re.compile(rb"/v1/channels/([^/]+)/events\Z").match

REASONS = {
    200: b"OK", 201: b"Created", 204: b"No Content", 400: b"Bad Request", 404: b"Not Found",
    405: b"Method Not Allowed", 413: b"Content Too Large", 500: b"Internal Server Error",
    503: b"Service Unavailable",
}


class Bus:
    """The handler: from method, target and body to status, further fields and body."""

    def __init__(self, store):
        self.store = store

    async def respond(self, method, target, body):
        try:
            url = httptools.parse_url(target)
            found = CHANNEL(url.path)
            if found is None:
                raise Refused(404, "nothing is here")
            channel = found.group(1).decode("latin-1")
            if method == b"GET":
                return await self.read(channel, url.query or b"")
            if method == b"POST":
                return await self.append(channel, body)
            return 405, b"Allow: GET, POST\r\n", refusal("want GET or POST")
        except httptools.HttpParserInvalidURLError:
            return 400, b"", refusal("target: no URL")
        except Refused as refused:
            return refused.status, b"", refusal(str(refused))
        except self.store.errors as error:
            return 503, b"", refusal("store: %s" % error)

    async def read(self, channel, text):
        params = {}
        for name, value in parse_qsl(text.decode("latin-1"), keep_blank_values=True):
            params.setdefault(name, value)
        marker, limit = query(channel, params.get("marker"), params.get("limit"))
        entries = await self.store.read(channel, marker, limit)
        if not entries:
            return 204, b"", b""
        return 200, b"", answer(entries)

    async def append(self, channel, event):
        check(channel, event)
        return 201, b"", receipt(await self.store.append(channel, event))


class Connection(asyncio.Protocol):
    """One connection. Its requests are answered one after the other."""

    def __init__(self, bus):
        self.bus = bus
        self.waiting = collections.deque()
        self.task = None

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def connection_lost(self, error):
        self.waiting.clear()

    def data_received(self, data):
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.transport.close()
        except httptools.HttpParserError:
            self.ask(None)

    def on_message_begin(self):
        self.target = self.body = b""

    def on_url(self, url):
        self.target += url

    def on_body(self, body):
        if len(self.body) <= MOST_BYTES:  # what is longer is refused for its length
            self.body += body

    def on_message_complete(self):
        keep = self.parser.should_keep_alive()
        connection = b"" if keep else b"Connection: close\r\n"
        if keep and self.parser.get_http_version() == "1.0":
            connection = b"Connection: keep-alive\r\n"
        self.ask((self.parser.get_method(), self.target, self.body, connection))

    def ask(self, request):
        self.waiting.append(request)
        if self.task is None:
            self.task = asyncio.get_running_loop().create_task(self.serve())

    async def serve(self):
        while self.waiting and not self.transport.is_closing():
            request = self.waiting.popleft()
            if request is None:  # no HTTP
                self.respond(400, b"Connection: close\r\n", refusal("no HTTP"))
                break
            method, target, body, connection = request
            try:
                status, fields, text = await self.bus.respond(method, target, body)
            except Exception as error:
                print("%s: %r" % (target, error), flush=True)
                status, fields, text = 500, b"", refusal("it is our fault")
            self.respond(status, fields + connection, text)
            if connection == b"Connection: close\r\n":
                break
        else:
            self.task = None
            return
        self.transport.close()

    def respond(self, status, fields, body):
        if self.transport.is_closing():
            return
        kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        head = b"HTTP/1.1 %d %b\r\n%b%b\r\n" % (
            status, REASONS[status], b"" if status == 204 else kind, fields,
        )
        self.transport.write(head + body)


async def main(args, sock):
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, os._exit, 0)  # at once, whatever is under way
    bus = Bus(store.open_async_store(args.store, args.ttl, args.channels))
    server = await loop.create_server(lambda: Connection(bus), sock=sock, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    store.add_arguments(args)
    args.add_argument("--workers", type=int, default=1)
    args.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    args = args.parse_args()
    sock = prefork.listen(args.host, args.port)
    prefork.fork(args.workers)
    if args.loop == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(main(args, sock))
