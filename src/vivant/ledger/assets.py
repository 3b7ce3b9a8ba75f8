"""Stored files: whose they are, what they hold and until when. The bytes are kept elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import NoSuchAsset, OutputExpired
from vivant.ledger.database import Database
from vivant.ledger.ids import is_id, new_id
from vivant.ledger.rows import columns
from vivant.ledger.statements import Statement
from vivant.ledger.tables import assets


@dataclass(frozen=True)
class StoredFile:
    """A file that lies in the store under its id, and is to be entered here.

    Attributes:
        content_type: its MIME type.
        size: in bytes.
        sha256: of its bytes, 64 hexadecimal digits.
        expires_at: from then on it may be deleted.
        width: of a picture, in pixels.
        height: of a picture, in pixels.
        seed: that makes this picture again.
        id: names it here and in the store.
    """

    content_type: str
    size: int
    sha256: str
    expires_at: datetime
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    id: str = field(default_factory=lambda: new_id("asset"))


@dataclass(frozen=True)
class Asset:
    """A file that was entered; see `StoredFile` for what is not told here.

    Attributes:
        account_id: whose it is.
        request_id: the job that made it; None for an upload.
        place: among the job's files, from 0, which is the main one.
        created_at: when it was entered.
        deleted_at: when its bytes were deleted; None before.
    """

    id: str
    account_id: str
    request_id: str | None
    place: int
    content_type: str
    size: int
    sha256: str
    width: int | None
    height: int | None
    seed: int | None
    created_at: datetime
    expires_at: datetime
    deleted_at: datetime | None


class Assets:
    """The stored files of a database; `clock` tells the time."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def add(self, account_id: str, file: StoredFile) -> Asset:
        """Enter an upload."""
        with self._database.write() as connection:
            return post_assets(connection, account_id, None, [file], self._clock())[0]

    def get(self, asset_id: str, account_id: str | None = None) -> Asset:
        """A file that can still be read.

        Args:
            asset_id: which.
            account_id: who asks; None where a signed link does.

        Raises:
            NoSuchAsset: there is none, or it is another account's.
            OutputExpired: it was there, and its time is over.
        """
        asset = self._find(asset_id)
        if asset is None or account_id not in {None, asset.account_id}:
            raise NoSuchAsset(f"no stored file has the id {asset_id!r:.60}")
        if asset.deleted_at is not None or asset.expires_at <= self._clock():
            raise OutputExpired(f"the file {asset_id} was kept until {asset.expires_at:%F %T} UTC")
        return asset

    def of_job(self, request_id: str) -> tuple[Asset, ...]:
        """What a job made, in order; expired files too."""
        query = _EVERY.where(assets.c.request_id == request_id).order_by(assets.c.place)
        with self._database.read() as connection:
            return tuple(Asset(**row) for row in connection.execute(query).mappings())

    def expired(self, limit: int = 500) -> tuple[str, ...]:
        """Ids of files whose time is over and whose bytes are still to be deleted, oldest first."""
        query = (
            select(assets.c.id)
            .where(assets.c.deleted_at.is_(None))
            .where(assets.c.expires_at <= self._clock())
            .order_by(assets.c.expires_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def mark_deleted(self, asset_ids: Sequence[str]) -> None:
        """Note that the bytes of these files are gone; their rows stay and tell so."""
        change = update(assets).where(assets.c.id.in_(asset_ids)).values(deleted_at=self._clock())
        with self._database.write() as connection:
            connection.execute(change)

    def _find(self, asset_id: str) -> Asset | None:
        if not is_id(asset_id):
            return None
        with self._database.read() as connection:
            row = connection.execute(_EVERY.where(assets.c.id == asset_id)).mappings().first()
        return None if row is None else Asset(**row)


def post_assets(
    connection: Connection,
    account_id: str,
    request_id: str | None,
    files: Sequence[StoredFile],
    now: datetime,
) -> tuple[Asset, ...]:
    """Enter files, inside a transaction of the caller's."""
    entered = tuple(
        Asset(
            **vars(file),
            account_id=account_id,
            request_id=request_id,
            place=place,
            created_at=now,
            deleted_at=None,
        )
        for place, file in enumerate(files)
    )
    for asset in entered:
        _ENTER.run(connection, vars(asset))
    return entered


_EVERY = select(*columns(assets, Asset))

_ENTER = Statement(insert(assets).inline())
