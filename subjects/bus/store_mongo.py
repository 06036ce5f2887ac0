"""The store in MongoDB, by its usual driver and by Motor.

An event is a document of the collection events: its channel c, its number in the
channel k, its text e, when it was accepted t, and i, which keeps the number from
being given twice. Its marker is K-0. A read is one find. What makes the indexes is
`webdyno serve bus --store=mongodb://HOST:PORT/DATABASE --prime`.
"""

from datetime import datetime, timedelta, timezone

OPTIONS = {"w": "majority", "journal": True, "retryWrites": False}
NEWEST = [("k", -1)]


class Mongo:
    """What both share: how a read is put, and how an event is kept."""

    def __init__(self, client, ttl):
        from pymongo.errors import DuplicateKeyError, PyMongoError

        self.errors = (PyMongoError,)
        self.duplicate = DuplicateKeyError
        database = client.get_default_database("bus")
        self.events = database["events"]
        self.channels = database["channels"]  # the last number of those whose events are gone
        self.ttl = timedelta(seconds=ttl)

    def find(self, channel, marker, limit):
        alive = datetime.now(timezone.utc) - self.ttl
        behind = min(marker[0], 1 << 62)
        query = {"c": channel, "k": {"$gt": behind}, "t": {"$gt": alive}}
        return self.events.find(query, {"_id": 0, "k": 1, "e": 1}).sort("k", 1).limit(limit).batch_size(limit)

    def entries(self, found):
        return [(b"%d-0" % event["k"], event["e"].encode()) for event in found]

    def document(self, channel, newest, event):
        number = newest["k"] + 1 if newest else 1
        now = datetime.now(timezone.utc)
        return {"c": channel, "k": number, "e": event.decode(), "t": now, "i": "#%d" % number}


class MongoStore(Mongo):
    def __init__(self, url, ttl):
        import pymongo

        super().__init__(pymongo.MongoClient(url, **OPTIONS), ttl)

    def read(self, channel, marker, limit):
        return self.entries(list(self.find(channel, marker, limit)))

    def append(self, channel, event):
        while True:
            newest = self.events.find_one({"c": channel}, sort=NEWEST)
            newest = newest or self.channels.find_one({"_id": channel})
            document = self.document(channel, newest, event)
            try:
                self.events.insert_one(document)
            except self.duplicate:
                continue  # somebody was faster
            return b"%d-0" % document["k"]


class AsyncMongoStore(Mongo):
    def __init__(self, url, ttl):
        from motor.motor_asyncio import AsyncIOMotorClient

        super().__init__(AsyncIOMotorClient(url, **OPTIONS), ttl)

    async def read(self, channel, marker, limit):
        return self.entries(await self.find(channel, marker, limit).to_list(limit))

    async def append(self, channel, event):
        while True:
            newest = await self.events.find_one({"c": channel}, sort=NEWEST)
            newest = newest or await self.channels.find_one({"_id": channel})
            document = self.document(channel, newest, event)
            try:
                await self.events.insert_one(document)
            except self.duplicate:
                continue  # somebody was faster
            return b"%d-0" % document["k"]
