"""The classifier on an asyncio protocol and h11, a parser in Python alone.

It is classifier_httptools.py with another parser, and runs on PyPy too.

    python3 classifier_h11.py --port=8080
"""

import asyncio
import signal
import socket

import h11

import serving


class Connection(asyncio.Protocol):
    """One connection. The parser is asked for events until it wants more data."""

    def connection_made(self, transport):
        self.transport = transport
        self.http = h11.Connection(h11.SERVER)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        self.http.receive_data(data)
        try:
            self.take_events()
        except h11.RemoteProtocolError:
            if self.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self.respond(400, b"", [(b"Connection", b"close")])
            self.transport.close()

    def take_events(self):
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA:
                return
            if type(event) is h11.Request:
                self.request = event
            elif type(event) is h11.EndOfMessage:
                self.respond(200, classify(bytes(self.request.target)))
            elif event is h11.PAUSED and self.http.our_state is h11.DONE:
                self.http.start_next_cycle()
            elif event is h11.PAUSED or type(event) is h11.ConnectionClosed:
                self.transport.close()
                return
            if self.http.our_state is h11.DONE and self.http.their_state is h11.DONE:
                self.http.start_next_cycle()
            elif self.http.our_state is h11.MUST_CLOSE:
                self.transport.close()
                return

    def respond(self, status, body, fields=()):
        fields = [(b"Content-Type", b"text/plain"), (b"Content-Length", b"%d" % len(body)), *fields]
        reason = b"OK" if status == 200 else b"Bad Request"
        head = self.http.send(h11.Response(status_code=status, reason=reason, headers=fields))
        if status == 200 and self.request.method == b"HEAD":
            body = b""
        data = self.http.send(h11.Data(data=body)) if body else b""
        self.transport.write(head + data + (self.http.send(h11.EndOfMessage()) or b""))


async def serve(sock):
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    server = await loop.create_server(Connection, sock=sock, backlog=1024)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    args = serving.options(__doc__).parse_args()
    classify = serving.handler(args.cython)
    serving.work(args, lambda sock: asyncio.run(serve(sock)))
