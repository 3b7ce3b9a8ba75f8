"""Names of things: random, so that nobody can guess one, and safe in URLs and file names."""

from __future__ import annotations

import re
import secrets
import time

_ID = re.compile(r"[A-Za-z0-9_]{1,48}")


def new_id(kind: str) -> str:
    """A new id, such as "req_019c..." for the kind "req": milliseconds, then 80 random bits.

    Ids that grow with time (as in UUID version 7, RFC 9562) keep what is new together in an index.
    """
    return f"{kind}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def is_id(text: str) -> bool:
    """Whether a text from outside can be an id at all; databases refuse some that cannot."""
    return _ID.fullmatch(text) is not None
