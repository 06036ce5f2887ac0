"""The answers, shared by the Python servers beside this file."""

import functools

MOST = 1 << 20  # bytes; more is not served


@functools.lru_cache(maxsize=64)
def payload(target):
    """Returns the body for a target such as "/1024", or None where there is
    none. What was asked for lately is kept, so that no time goes into making it."""
    digits = target[1:]
    if not (target.startswith("/") and digits.isascii() and digits.isdigit() and len(digits) <= 7):
        return None
    size = int(digits)
    return b"X" * size if size <= MOST else None
