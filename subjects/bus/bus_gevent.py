"""The message bus on gevent's pywsgi, with the driver patched to yield.

    python3 bus_gevent.py --port=8080 --store=redis://127.0.0.1:6379
"""

from gevent import monkey

monkey.patch_all()

import argparse
import os
import signal

import gevent
from gevent.pywsgi import WSGIServer

import compiled
import prefork
import store

args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
store.add_arguments(args)
args.add_argument("--workers", type=int, default=1)
args.add_argument("--cython", default="none", help="framework, handler, framework+handler")
args.add_argument("--build", default="", metavar="DIR", help="where build.py put them")
args = args.parse_args()

channels = compiled.use(args.cython, args.build, "channels")
sock = prefork.listen(args.host, args.port)
prefork.fork(args.workers)
bus = channels.application(store.open_store(args.store, args.ttl, args.channels))
server = WSGIServer(sock, bus, log=None)
for sig in (signal.SIGTERM, signal.SIGINT):
    gevent.signal_handler(sig, os._exit, 0)  # at once, whatever is under way
server.serve_forever()
