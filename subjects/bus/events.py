"""What the bus is asked and what it answers, whatever carries it.

No framework, no store: the rules that every implementation in Python shares.
The handlers are compiled together with this module, see build.py.
"""

import json
import re

MOST_EVENTS = 1000
MOST_BYTES = 65536  # of an event
USUAL_LIMIT = "10"

CHANNEL = re.compile(r"[a-z0-9._-]{1,64}").fullmatch
DIGITS = re.compile(r"[0-9]{1,20}").fullmatch


class Refused(Exception):
    """The request cannot be met; the status says why."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


def query(channel, marker, limit):
    """Reads what a GET asks for; None stands for what it does not say.

    Returns the marker to read behind as a pair (ms, seq), (0, 0) being the start,
    and the limit.
    """
    check_channel(channel)
    return marker_of(marker or "0"), limit_of(limit or USUAL_LIMIT)


def check_channel(name):
    if not CHANNEL(name):
        raise Refused(400, "channel: want 1 to 64 of a-z, 0-9, dot, hyphen and underscore")


def limit_of(text):
    if not (DIGITS(text) and 1 <= int(text) <= MOST_EVENTS):
        raise Refused(400, "limit: want 1 to %d" % MOST_EVENTS)
    return int(text)


def marker_of(text):
    ms, dash, seq = text.partition("-")
    if not (DIGITS(ms) and DIGITS(seq if dash else "0")):
        raise Refused(400, "marker: want one that this service gave")
    return int(ms), int(seq or 0)


def answer(entries):
    """Returns the body for entries, pairs of marker and event, both bytes."""
    return b'{"events":[%b],"marker":"%b"}' % (
        b",".join([event for _, event in entries]),
        entries[-1][0],
    )


def receipt(marker):
    """Returns the body that tells the marker of an event that was kept."""
    return b'{"marker":"%b"}' % marker


def refusal(why):
    """Returns the body that says why a request was not met."""
    return json.dumps({"error": why}).encode()


def check(channel, event):
    """Refuses what is not one JSON object in UTF-8, or too long."""
    check_channel(channel)
    if len(event) > MOST_BYTES:
        raise Refused(413, "event: %d bytes are the most" % MOST_BYTES)
    try:
        value = json.loads(event.decode("utf-8"), parse_constant=no_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused(400, "event: want one JSON object")


def no_constant(name):
    raise ValueError(name + " is not JSON")
