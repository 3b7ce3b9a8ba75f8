"""The files that were kept last, in memory: most are asked for right after, by whoever waited."""

from __future__ import annotations

import threading
from collections import OrderedDict


class Latest:
    """Small files by id, the latest up to so many bytes. Thread-safe.

    Args:
        max_bytes: of all files together.
        largest: bytes of one; larger ones are not remembered.
    """

    def __init__(self, max_bytes: int = 32_000_000, largest: int = 1_000_000) -> None:
        self._max_bytes = max_bytes
        self._largest = largest
        self._lock = threading.Lock()
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def put(self, file_id: str, data: bytes) -> None:
        """Remember a file, and forget the oldest ones if need be."""
        self.forget(file_id)
        if len(data) > self._largest:
            return
        with self._lock:
            self._files[file_id] = data
            self._bytes += len(data)
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._files.popitem(last=False)[1])

    def get(self, file_id: str) -> bytes | None:
        """A file, or None if it is not remembered."""
        with self._lock:
            return self._files.get(file_id)

    def forget(self, file_id: str) -> None:
        """Remember a file no longer; one that is not remembered is ignored."""
        with self._lock:
            self._bytes -= len(self._files.pop(file_id, b""))
