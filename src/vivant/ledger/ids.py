"""Names of things: random, so that nobody can guess one, and safe in URLs and file names."""

from __future__ import annotations

import os
import re
import secrets
import time

_AT_ONCE = 256
"""Ids for which randomness is fetched at one go: each time the system is asked, another thread may
take Python's lock, and a request needs several ids."""

_digits: list[str] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_digits.clear)


def _random_digits() -> str:
    """Twenty hexadecimal digits that nobody had before."""
    while True:
        try:
            return _digits.pop()
        except IndexError:
            fresh = secrets.token_hex(10 * _AT_ONCE)
            _digits.extend(fresh[at : at + 20] for at in range(0, len(fresh), 20))


_ID = re.compile(r"[A-Za-z0-9_]{1,48}")


def new_id(kind: str) -> str:
    """A new id, such as "req_019c..." for the kind "req": milliseconds, then 80 random bits.

    Ids that grow with time (as in UUID version 7, RFC 9562) keep what is new together in an index.
    """
    return f"{kind}_{time.time_ns() // 1_000_000:012x}{_random_digits()}"


def is_id(text: str) -> bool:
    """Whether a text from outside can be an id at all; databases refuse some that cannot."""
    return _ID.fullmatch(text) is not None
