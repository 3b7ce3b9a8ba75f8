"""Browsers are let in without a key of their own in their hands, by a link that works once.

A session is two texts. The cookie is kept where no script reads it; the token is kept by the page,
for its own origin. Either alone opens nothing: browsers send a host's cookies to whatever listens
on any of its ports, and on a machine with several users that may be somebody else's program.

Nothing of a session is stored. Revoking its key ends it.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vivant.base.clock import Clock
from vivant.base.errors import UnknownKey
from vivant.base.signing import is_signed, sign
from vivant.ledger.keys import Caller, Keys

LASTS = timedelta(days=30)
"""How long a session lasts."""

INVITATION_LASTS = timedelta(hours=12)
"""How long a link may wait to be followed."""

_OWNER, _GUEST = "owner", "guest"


@dataclass(frozen=True)
class Session:
    """What a browser is given when it is let in.

    Attributes:
        cookie: to be kept from scripts.
        token: to be kept by the page.
        expires_at: neither opens anything from then on.
    """

    cookie: str
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class Visitor:
    """Who comes with a session.

    Attributes:
        caller: whose account it is.
        is_owner: whether they came by the server's own link, and may so make and revoke keys; who
            came by a key may not, lest a stolen key make more of its kind.
    """

    caller: Caller
    is_owner: bool


class Sessions:
    """Opens sessions and reads them. Thread-safe.

    Args:
        secret: signs them; it should outlive the process.
        keys: each session is that of a key.
        clock: tells the time.
    """

    def __init__(self, secret: bytes, keys: Keys, clock: Clock) -> None:
        self._secret = secret
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._invitations: dict[str, tuple[str, datetime]] = {}

    def invite(self, key_id: str) -> str:
        """What a link carries that lets one browser in, once, as this key's owner."""
        invitation = secrets.token_urlsafe(32)
        with self._lock:
            self._invitations[invitation] = key_id, self._clock() + INVITATION_LASTS
        return invitation

    def follow(self, invitation: str) -> Session:
        """Open a session by a link.

        Raises:
            UnknownKey: it was followed before, is too old, or is none of this server's.
        """
        with self._lock:
            key_id, ends = self._invitations.pop(invitation, ("", self._clock()))
        if ends <= self._clock():
            raise UnknownKey(
                "this link was used already, or is too old; `vivant serve` prints a new one each "
                "time it starts"
            )
        return self._open(key_id, _OWNER)

    def enter(self, secret: str) -> Session:
        """Open a session by a key.

        Raises:
            UnknownKey: it lets nobody in.
        """
        return self._open(self._keys.authenticate(secret).key_id, _GUEST)

    def visitor(self, cookie: str, token: str) -> Visitor:
        """Who comes with these two.

        Raises:
            UnknownKey: one of them is wrong, the session is over, or its key lets nobody in.
        """
        told, _, signature = cookie.rpartition(".")
        parts = told.split(".")
        if (
            len(parts) != 4
            or not is_signed(signature, self._secret, b"cookie", told.encode(errors="replace"))
            or not is_signed(token, self._secret, b"token", cookie.encode(errors="replace"))
            or int(parts[2]) <= self._clock().timestamp()
        ):
            raise UnknownKey("the studio's session is over; open it again by a link or a key")
        return Visitor(self._keys.caller(parts[0]), parts[1] == _OWNER)

    def _open(self, key_id: str, standing: str) -> Session:
        ends = int((self._clock() + LASTS).timestamp())
        told = f"{key_id}.{standing}.{ends}.{secrets.token_urlsafe(16)}"
        cookie = f"{told}.{sign(self._secret, b'cookie', told.encode())}"
        token = sign(self._secret, b"token", cookie.encode())
        return Session(cookie, token, datetime.fromtimestamp(ends, UTC))
