"""Names of things: random, so that nobody can guess one, and safe in URLs and file names."""

from __future__ import annotations

import re
import secrets

_ID = re.compile(r"[A-Za-z0-9_]{1,48}")


def new_id(kind: str) -> str:
    """A new id with 128 random bits, such as "job_9b1d..." for the kind "job"."""
    return f"{kind}_{secrets.token_hex(16)}"


def is_id(text: str) -> bool:
    """Whether a text from outside can be an id at all; databases refuse some that cannot."""
    return _ID.fullmatch(text) is not None
