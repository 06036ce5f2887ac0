"""The same page over the wire.

    python3 tornado_http.py --modules=none --port=8080
"""

import argparse
import asyncio
import signal

import modules
from app import application


async def main(args):
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    server = application().listen(args.port, args.host, backlog=1024)
    modules.prove(args.modules)
    await stop.wait()
    server.stop()


if __name__ == "__main__":
    args = argparse.ArgumentParser()
    args.add_argument("--modules", default="none", help="the compiled modules of Tornado that must be in use")
    args.add_argument("--host", default="127.0.0.1")
    args.add_argument("--port", type=int, default=8080)
    asyncio.run(main(args.parse_args()))
