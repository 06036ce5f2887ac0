"""The page of the benchmark: 60,000 bytes in five chunks, each flushed."""

from tornado.web import Application, RequestHandler

CHUNK = b"Hello world\n" * 1000
CHUNKS = 5
SIZE = CHUNKS * len(CHUNK)


class Page(RequestHandler):
    async def get(self):
        for _ in range(CHUNKS):
            self.write(CHUNK)
            await self.flush()

    def compute_etag(self):
        return None


def application():
    return Application([("/", Page)], log_function=lambda handler: None)
