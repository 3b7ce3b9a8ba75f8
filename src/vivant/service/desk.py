"""An account in its owner's hands: its keys, and where its credits went."""

from __future__ import annotations

from datetime import datetime

from vivant.base.errors import NoSuchKey
from vivant.ledger.accounts import Account, Accounts
from vivant.ledger.keys import Caller, Key, Keys, NewKey
from vivant.ledger.ledger import Ledger, Movement
from vivant.ledger.paging import Page

STUDIO = "the studio of this machine"
"""Label of the key that the server's own links let in; nobody ever sees its secret."""


class Desk:
    """What an account's owner may look at and change.

    Args:
        accounts: all of them.
        keys: theirs.
        ledger: their credits.
    """

    def __init__(self, accounts: Accounts, keys: Keys, ledger: Ledger) -> None:
        self._accounts = accounts
        self._keys = keys
        self._ledger = ledger

    def account(self, caller: Caller) -> Account:
        """The caller's own."""
        return self._accounts.get(caller.account_id)

    def keys(self, caller: Caller) -> tuple[Key, ...]:
        """The account's keys, oldest first."""
        return self._keys.list(caller.account_id)

    def make_key(self, caller: Caller, label: str, expires_at: datetime | None = None) -> NewKey:
        """Make one more key of the account.

        Raises:
            InvalidInput: the label is too long, or the key would have expired already.
        """
        return self._keys.create(caller.account_id, label, expires_at)

    def revoke_key(self, caller: Caller, key_id: str) -> None:
        """Let a key of the account open nothing from now on.

        Raises:
            NoSuchKey: there is none, or it is another account's.
        """
        if key_id not in {key.id for key in self.keys(caller)}:
            raise NoSuchKey(f"no key has the id {key_id!r:.60}")
        self._keys.revoke(key_id)

    def movements(self, caller: Caller, before: str | None, limit: int) -> Page[Movement]:
        """The account's movements of credits, newest first; see `Ledger.history`."""
        return self._ledger.history(caller.account_id, before=before, limit=limit)

    def studio_key(self, account_id: str) -> str:
        """The id of the key that the server's own links let in; it is made if need be."""
        for key in self._keys.list(account_id):
            if key.label == STUDIO and key.revoked_at is None:
                return key.id
        return self._keys.create(account_id, STUDIO).key.id
