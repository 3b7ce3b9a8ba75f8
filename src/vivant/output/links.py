"""Links to stored files that anyone may follow who has them, until they run out."""

from __future__ import annotations

from datetime import UTC, datetime

from vivant.base.errors import BadLink, OutputExpired
from vivant.base.signing import is_signed, sign


def sign_link(secret: bytes, file_id: str, expires_at: datetime) -> str:
    """What a link carries to prove itself: when it ends (Unix seconds), a dot, a signature."""
    ends = str(int(expires_at.timestamp()))
    return f"{ends}.{sign(secret, file_id.encode(), ends.encode())}"


def check_link(secret: bytes, file_id: str, proof: str, now: datetime) -> None:
    """Check what a link carries.

    Raises:
        BadLink: it is not what `sign_link` gave for this file.
        OutputExpired: it was right, and has run out.
    """
    ends, _, signature = proof.partition(".")
    known = file_id.encode(errors="replace"), ends.encode(errors="replace")
    if not is_signed(signature, secret, *known):
        raise BadLink("the link's signature is wrong: it was cut short or changed")
    end = datetime.fromtimestamp(int(ends), UTC)
    if now >= end:
        raise OutputExpired(f"the link ended at {end:%Y-%m-%d %H:%M:%S} UTC")
