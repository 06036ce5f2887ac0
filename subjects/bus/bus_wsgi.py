"""The message bus as a WSGI application, for servers that load one.

    BUS_STORE=redis://127.0.0.1:6379 gunicorn -k gevent bus_wsgi
"""

import os

import channels
import store

application = channels.application(
    store.open_store(
        os.environ.get("BUS_STORE", "redis://127.0.0.1:6379"),
        float(os.environ.get("BUS_TTL", "3600")),
        os.environ.get("BUS_CHANNELS", ""),
    )
)
