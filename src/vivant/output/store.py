"""Files by id, in memory or in a folder: whole or not there at all, and never beyond a bound."""

from __future__ import annotations

import errno
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import NoSuchAsset, StorageFull

_ID = re.compile(r"[A-Za-z0-9_]{1,100}")
_PART = ".part"
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)


class Store(Protocol):
    """Where files are kept; every method may be called from any thread.

    An id has 1 to 100 letters, digits and underscores, so that no id is a way out of a folder.
    """

    def put(self, file_id: str, data: bytes) -> None:
        """Keep a file, in place of an earlier one of this id.

        Raises:
            StorageFull: there is no room for it.
            ValueError: this is no id.
        """

    def get(self, file_id: str) -> bytes:
        """Read a file.

        Raises:
            NoSuchAsset: there is none of this id.
        """

    def delete(self, file_id: str) -> None:
        """Forget a file; to forget one that is not there changes nothing."""

    def sweep(self, before: datetime) -> int:
        """Delete the files that were put before a time; returns how many.

        It finds those too that no table knows of, because a crash came between file and row.
        """

    def ping(self) -> None:
        """Check that files can be kept.

        Raises:
            OSError: they cannot.
        """


class MemoryStore:
    """Files in memory, gone with the process.

    Args:
        max_bytes: of all files together.
        clock: tells when a file was put.
    """

    def __init__(self, max_bytes: int, clock: Clock = utc_now) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._files: dict[str, tuple[datetime, bytes]] = {}
        self._bytes = 0
        self._turn = threading.Lock()

    def put(self, file_id: str, data: bytes) -> None:
        """See `Store.put`."""
        _check(file_id)
        with self._turn:
            grown = self._bytes + len(data) - self._size(file_id)
            _check_room(grown, self._max_bytes)
            self._files[file_id] = (self._clock(), data)
            self._bytes = grown

    def get(self, file_id: str) -> bytes:
        """See `Store.get`."""
        try:
            return self._files[file_id][1]
        except KeyError:
            raise _missing(file_id) from None

    def delete(self, file_id: str) -> None:
        """See `Store.delete`."""
        with self._turn:
            self._bytes -= self._size(file_id)
            self._files.pop(file_id, None)

    def sweep(self, before: datetime) -> int:
        """See `Store.sweep`."""
        with self._turn:
            old = [file_id for file_id, (put_at, _) in self._files.items() if put_at < before]
        for file_id in old:
            self.delete(file_id)
        return len(old)

    def ping(self) -> None:
        """See `Store.ping`."""

    def _size(self, file_id: str) -> int:
        return len(self._files[file_id][1]) if file_id in self._files else 0


class FolderStore:
    """Files in a folder, which several processes may share.

    A file is written beside its place and then renamed into it, so that a reader finds it whole
    even where the writer was killed.

    Args:
        folder: made if it is not there.
        max_bytes: of all files together; what other processes add is seen at each sweep.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._turn = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._bytes = self._measured()

    def put(self, file_id: str, data: bytes) -> None:
        """See `Store.put`."""
        path = self._path(file_id)
        more = len(data) - _size(path)
        with self._turn:
            _check_room(self._bytes + more, self._max_bytes)
            self._bytes += more
        part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}{_PART}")
        try:
            _write(part, data)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            with self._turn:
                self._bytes -= more
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull(f"cannot store a file: {error.strerror}") from error
            raise

    def get(self, file_id: str) -> bytes:
        """See `Store.get`."""
        try:
            return self._path(file_id).read_bytes()
        except (FileNotFoundError, ValueError):
            raise _missing(file_id) from None

    def delete(self, file_id: str) -> None:
        """See `Store.delete`."""
        self._remove(self._path(file_id))

    def sweep(self, before: datetime) -> int:
        """See `Store.sweep`."""
        limit = before.timestamp()
        old = [path for path, status in self._entries() if status.st_mtime < limit]
        removed = sum(self._remove(path) for path in old)
        measured = self._measured()
        with self._turn:
            self._bytes = measured
        return removed

    def ping(self) -> None:
        """See `Store.ping`."""
        probe = self._folder / f"probe.{secrets.token_hex(4)}{_PART}"
        probe.write_bytes(b"")
        probe.unlink()

    def _path(self, file_id: str) -> Path:
        # A folder for each ending: no folder grows so large that looking into it takes long.
        return self._folder / _check(file_id)[-2:] / file_id

    def _remove(self, path: Path) -> bool:
        size = _size(path)
        try:
            path.unlink()
        except FileNotFoundError:  # another process was first
            return False
        with self._turn:
            self._bytes -= size
        return True

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):  # deleted since it was listed
                yield path, path.stat()

    def _measured(self) -> int:
        return sum(status.st_size for _, status in self._entries())


def _check(file_id: str) -> str:
    if not _ID.fullmatch(file_id):
        raise ValueError(f"{file_id!r:.60} is no id of a file")
    return file_id


def _check_room(needed: int, room: int) -> None:
    if needed > room:
        raise StorageFull(f"no room for another file: {needed} of {room} bytes are needed")


def _write(path: Path, data: bytes) -> None:
    # Python's own files ask the system seven times what four calls do; each time, whoever else
    # wants Python's lock may take it.
    try:
        file = os.open(path, _NEW_FILE, 0o666)
    except FileNotFoundError:  # the first file of its folder
        path.parent.mkdir(exist_ok=True)
        file = os.open(path, _NEW_FILE, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _missing(file_id: str) -> NoSuchAsset:
    return NoSuchAsset(f"no stored file has the id {file_id!r:.60}")
