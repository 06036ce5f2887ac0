"""The message bus on Tornado, with an asynchronous driver.

    python3 bus_tornado.py --port=8080 --store=redis://127.0.0.1:6379
"""

import argparse
import asyncio
import os
import signal

from tornado.httpserver import HTTPServer

import compiled
import prefork
import store


async def main(channels, args, sock):
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, os._exit, 0)  # at once, whatever is under way
    bus = channels.application(store.open_async_store(args.store, args.ttl, args.channels))
    server = HTTPServer(bus)
    server.add_socket(sock)
    await asyncio.Event().wait()


if __name__ == "__main__":
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    store.add_arguments(args)
    args.add_argument("--workers", type=int, default=1)
    args.add_argument("--cython", default="none", help="handler: take it compiled")
    args.add_argument("--build", default="", metavar="DIR", help="where build.py put it")
    args = args.parse_args()
    channels = compiled.use(args.cython, args.build, "tornado_channels")
    sock = prefork.listen(args.host, args.port)
    prefork.fork(args.workers)
    asyncio.run(main(channels, args, sock))
