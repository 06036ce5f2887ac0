"""The bus's handler on Tornado, in coroutines."""

from tornado.web import Application, RequestHandler

from events import Refused, answer, check, query, receipt, refusal


class BusHandler(RequestHandler):
    def compute_etag(self):
        return None  # no other implementation sends one

    def write_error(self, status_code, **kwargs):
        self.set_header("Content-Type", "application/json")
        self.finish(refusal(self._reason))

    def refuse(self, status, why):
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(refusal(why))


class NotFound(BusHandler):
    def prepare(self):
        self.send_error(404)


class ChannelHandler(BusHandler):
    SUPPORTED_METHODS = ("GET", "POST")

    def initialize(self, store):
        self.store = store

    async def get(self, channel):
        param = self.get_query_argument
        try:
            marker, limit = query(channel, param("marker", None), param("limit", None))
            entries = await self.store.read(channel, marker, limit)
        except Refused as refused:
            return self.refuse(refused.status, str(refused))
        except self.store.errors as error:
            return self.refuse(503, "store: %s" % error)
        if not entries:
            self.set_status(204)
            return
        self.set_header("Content-Type", "application/json")
        self.write(answer(entries))

    async def post(self, channel):
        event = self.request.body
        try:
            check(channel, event)
            marker = await self.store.append(channel, event)
        except Refused as refused:
            return self.refuse(refused.status, str(refused))
        except self.store.errors as error:
            return self.refuse(503, "store: %s" % error)
        self.set_status(201)
        self.set_header("Content-Type", "application/json")
        self.write(receipt(marker))


def application(store):
    return Application(
        [(r"/v1/channels/([^/]+)/events", ChannelHandler, {"store": store})],
        default_handler_class=NotFound,
        log_function=lambda handler: None,
    )
