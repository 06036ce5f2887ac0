"""Client and server in one process and one event loop: what Tornado costs
without a network in between.

    python3 bm_tornado_http.py --modules=none

A loop is 150 fetches begun at once and then awaited in order. The client has
ten under way and queues the others, and each makes a connection of its own. The
seconds of every loop are printed as "loop: SECONDS".
"""

import argparse
import asyncio
import cProfile
import time

from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

import modules
from app import SIZE, application

FETCHES = 150


async def loop(client, url):
    for fetch in [client.fetch(url) for _ in range(FETCHES)]:
        answer = await fetch
        if len(answer.body) != SIZE:
            raise SystemExit("%d bytes instead of %d" % (len(answer.body), SIZE))


async def main(args):
    sock, port = bind_unused_port()
    server = HTTPServer(application())
    server.add_socket(sock)
    client = AsyncHTTPClient()
    url = "http://127.0.0.1:%d/" % port
    modules.prove(args.modules)  # by now, all that will be used is loaded
    for _ in range(args.warmup):
        await loop(client, url)
    profile = cProfile.Profile() if args.profile is not None else None
    for _ in range(args.loops):
        if profile:
            profile.enable()
        began = time.perf_counter()
        await loop(client, url)
        took = time.perf_counter() - began
        if profile:
            profile.disable()
        print("loop: %.6f" % took, flush=True)
    if args.profile:
        profile.dump_stats(args.profile)
    client.close()
    server.stop()


if __name__ == "__main__":
    args = argparse.ArgumentParser()
    args.add_argument("--modules", default="none", help="the compiled modules of Tornado that must be in use")
    args.add_argument("--loops", type=int, default=10)
    args.add_argument("--warmup", type=int, default=2, help="loops before those")
    args.add_argument("--profile", nargs="?", const="", metavar="FILE",
                      help="run the loops under cProfile, and write what it found to the file, if one is named")
    asyncio.run(main(args.parse_args()))
