"""Answers of a given size from Tornado.

    python3 payload_tornado.py --port=8080
"""

import argparse
import asyncio
import signal

from tornado.web import Application, RequestHandler

from sizes import payload


class Payload(RequestHandler):
    def get(self):
        body = payload(self.request.path)
        if body is None:
            self.set_status(404)
            body = b"not found\n"
        self.set_header("Content-Type", "text/plain")
        self.finish(body)

    head = post = get

    def compute_etag(self):
        return None  # the others have none


async def main(host, port):
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    app = Application([(r".*", Payload)], log_function=lambda handler: None)
    server = app.listen(port, host, backlog=1024)
    await stop.wait()
    server.stop()


if __name__ == "__main__":
    args = argparse.ArgumentParser()
    args.add_argument("--host", default="127.0.0.1")
    args.add_argument("--port", type=int, default=8080)
    args = args.parse_args()
    asyncio.run(main(args.host, args.port))
