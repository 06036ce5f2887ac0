"""The bus's handler on the framework of frame.py: one resource, two methods."""

from events import MOST_BYTES, Refused, answer, check, query, receipt
from frame import Application, HTTPError


class Channel:
    def __init__(self, store):
        self.store = store

    def on_get(self, request, response, channel):
        params = request.params
        try:
            marker, limit = query(channel, params.get("marker"), params.get("limit"))
            entries = self.store.read(channel, marker, limit)
        except Refused as refused:
            raise HTTPError(refused.status, str(refused))
        except self.store.errors as error:
            raise HTTPError(503, "store: %s" % error)
        if entries:
            response.body = answer(entries)
        else:
            response.status = 204

    def on_post(self, request, response, channel):
        event = request.body(MOST_BYTES)
        try:
            check(channel, event)
            response.body = receipt(self.store.append(channel, event))
        except Refused as refused:
            raise HTTPError(refused.status, str(refused))
        except self.store.errors as error:
            raise HTTPError(503, "store: %s" % error)
        response.status = 201


def application(store):
    """Returns the WSGI application of the bus over a store."""
    bus = Application()
    bus.route("/v1/channels/{channel}/events", Channel(store))
    return bus
