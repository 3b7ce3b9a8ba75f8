"""Files and their rows together: kept, read through links, and deleted when their time is over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from vivant.base.clock import Clock
from vivant.ledger.assets import Asset, Assets, StoredFile
from vivant.ledger.database import Database
from vivant.ledger.server_secret import server_secret
from vivant.output.links import check_link, sign_link
from vivant.output.store import Store
from vivant.service.latest import Latest
from vivant.service.views import File

MARGIN = timedelta(days=1)
"""Files that no row knows of are deleted so long after any row would have run out."""


class Vault:
    """The files of a service.

    Args:
        database: where their rows are.
        store: where their bytes are.
        keep: for how long.
        clock: tells the time.
    """

    def __init__(self, database: Database, store: Store, keep: timedelta, clock: Clock) -> None:
        self.store = store
        self._assets = Assets(database, clock)
        self._secret = server_secret(database, "links")
        self._keep = keep
        self._clock = clock
        self._latest = Latest()

    def put(
        self,
        data: bytes,
        content_type: str,
        *,
        size: tuple[int, int] | None = None,
        seed: int | None = None,
    ) -> StoredFile:
        """Keep a file's bytes; whoever calls enters its row.

        Args:
            data: the bytes.
            content_type: their MIME type.
            size: of a picture, width and height in pixels.
            seed: that makes this picture again.

        Raises:
            StorageFull: there is no room for it.
        """
        width, height = size or (None, None)
        file = StoredFile(
            content_type=content_type,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            expires_at=self._clock() + self._keep,
            width=width,
            height=height,
            seed=seed,
        )
        self.store.put(file.id, data)
        self._latest.put(file.id, data)
        return file

    def drop(self, files: Iterable[StoredFile]) -> None:
        """Delete bytes whose rows were never entered."""
        self.erase(file.id for file in files)

    def erase(self, asset_ids: Iterable[str]) -> None:
        """Delete bytes whose rows tell already that they are gone."""
        for asset_id in asset_ids:
            self._latest.forget(asset_id)
            self.store.delete(asset_id)

    def add(self, account_id: str, file: StoredFile) -> Asset:
        """Enter an upload."""
        return self._assets.add(account_id, file)

    def of_job(self, request_id: str) -> tuple[Asset, ...]:
        """What a job made, in order; expired files too."""
        return self._assets.of_job(request_id)

    def read(self, asset_id: str) -> bytes:
        """A file's bytes.

        Raises:
            NoSuchAsset: they are gone.
        """
        at_hand = self._latest.get(asset_id)
        return self.store.get(asset_id) if at_hand is None else at_hand

    def is_at_hand(self, asset_id: str) -> bool:
        """Whether `read` returns at once, without a look at the disk."""
        return self._latest.get(asset_id) is not None

    def link(self, asset_id: str, expires_at: datetime) -> str:
        """What a link to a file carries until it runs out."""
        return sign_link(self._secret, asset_id, expires_at)

    def follow(self, asset_id: str, proof: str) -> File:
        """The file that a link leads to.

        Raises:
            BadLink: the proof is not ours.
            OutputExpired: the file is no longer kept, or the link has run out.
            NoSuchAsset: there is no such file.
        """
        check_link(self._secret, asset_id, proof, self._clock())
        asset = self._assets.get(asset_id)
        return File(asset.content_type, self.read(asset_id), asset.expires_at)

    def sweep(self) -> int:
        """Delete the files whose time is over; returns how many."""
        expired = self._assets.expired()
        self.erase(expired)
        if expired:
            self._assets.mark_deleted(expired)
        return len(expired)

    def sweep_strays(self) -> int:
        """Delete what no row knows of, because a crash came in between; returns how many."""
        return self.store.sweep(self._clock() - self._keep - MARGIN)
