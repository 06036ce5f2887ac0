"""The classifier on asyncio's streams, with the standard library alone.

It runs on every Python from 3.8 on, and on PyPy.

    pypy3 classifier_streams.py --port=8080
"""

import asyncio
import signal

import serving


class BadRequest(Exception):
    pass


async def read_request(reader):
    """Reads one request; returns method, target, and its fields in lower case."""
    head = await reader.readuntil(b"\r\n\r\n")
    line, *lines = head[:-4].split(b"\r\n")
    try:
        method, target, version = line.split(b" ")
    except ValueError:
        raise BadRequest
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadRequest
    fields = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadRequest
        fields[name.lower()] = value.strip().lower()
    await skip_body(reader, fields)
    return method, target, version, fields


async def skip_body(reader, fields):
    if b"transfer-encoding" in fields:
        raise BadRequest  # chunks are more than this server knows
    length = fields.get(b"content-length", b"0")
    if not length.isdigit():
        raise BadRequest
    left = int(length)
    while left > 0:
        data = await reader.read(min(left, 65536))
        if not data:
            raise asyncio.IncompleteReadError(data, left)
        left -= len(data)


def connection_field(version, fields):
    """Returns whether the connection stays, and the field that says so."""
    wish = fields.get(b"connection", b"")
    if b"close" in wish:
        return False, b"Connection: close\r\n"
    if version == b"HTTP/1.1":
        return True, b""
    if b"keep-alive" in wish:
        return True, b"Connection: keep-alive\r\n"
    return False, b"Connection: close\r\n"


def response(status, body, connection, method=b"GET"):
    head = b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%b\r\n" % (
        status, len(body), connection,
    )
    return head if method == b"HEAD" else head + body


async def converse(reader, writer):
    """Serves one connection until either side ends it."""
    try:
        keep = True
        while keep:
            method, target, version, fields = await read_request(reader)
            keep, connection = connection_field(version, fields)
            writer.write(response(b"200 OK", classify(target), connection, method))
            await writer.drain()
    except (BadRequest, asyncio.LimitOverrunError):
        writer.write(response(b"400 Bad Request", b"", b"Connection: close\r\n"))
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        pass  # the client has gone, or we are to stop
    finally:
        writer.close()


async def serve(sock):
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    # asyncio sets TCP_NODELAY by itself, here as in any other server of its.
    server = await asyncio.start_server(converse, sock=sock, backlog=1024)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    args = serving.options(__doc__).parse_args()
    classify = serving.handler(args.cython)
    serving.work(args, lambda sock: asyncio.run(serve(sock)))
