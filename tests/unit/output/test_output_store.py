from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vivant.base.clock import SetClock
from vivant.base.errors import NoSuchAsset, StorageFull
from vivant.output.store import FolderStore, MemoryStore, Store

NewStore = Callable[[int], Store]


@pytest.fixture(params=["memory", "folder"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> NewStore:
    if request.param == "memory":
        return MemoryStore
    return lambda max_bytes: FolderStore(tmp_path / "files", max_bytes)


def test_a_file_is_kept_replaced_and_forgotten(new_store: NewStore) -> None:
    store = new_store(100)
    store.ping()
    store.put("asset_1", b"one")
    assert store.get("asset_1") == b"one"
    store.put("asset_1", b"two!")
    assert store.get("asset_1") == b"two!"
    for _ in range(2):
        store.delete("asset_1")
    with pytest.raises(NoSuchAsset, match="'asset_1'"):
        store.get("asset_1")


def test_no_more_is_kept_than_there_is_room_for(new_store: NewStore) -> None:
    store = new_store(10)
    store.put("a", b"12345")
    with pytest.raises(StorageFull, match="11 of 10 bytes"):
        store.put("b", b"123456")
    with pytest.raises(NoSuchAsset):
        store.get("b")
    store.put("b", b"12345")
    store.put("a", b"54321")
    store.delete("b")
    store.put("c", b"12345")
    assert store.get("a") == b"54321"


@pytest.mark.parametrize("file_id", ["", "..", "../x", "a/b", "/etc/passwd", "a\0", "é", "a" * 101])
def test_no_id_is_a_way_out(new_store: NewStore, file_id: str) -> None:
    store = new_store(100)
    with pytest.raises(ValueError, match="is no id of a file"):
        store.put(file_id, b"x")
    with pytest.raises(NoSuchAsset):
        store.get(file_id)


def test_the_room_holds_whatever_runs_side_by_side(new_store: NewStore) -> None:
    store = new_store(50)
    start = threading.Barrier(20)

    def put(place: int) -> bool:
        start.wait()
        try:
            store.put(f"file_{place}", b"12345")
        except StorageFull:
            return False
        return True

    with ThreadPoolExecutor(20) as crowd:
        assert sum(crowd.map(put, range(20))) == 10


def test_memory_forgets_what_is_old() -> None:
    clock = SetClock()
    store = MemoryStore(100, clock)
    store.put("old", b"x")
    clock.move(hours=1)
    store.put("new", b"x")
    assert store.sweep(clock()) == 1
    assert store.get("new") == b"x"
    with pytest.raises(NoSuchAsset):
        store.get("old")


def test_a_folder_forgets_what_is_old_and_what_was_half_written(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, 10)
    store.put("old", b"12345")
    store.put("new", b"12345")
    half = tmp_path / "ld" / "other.part"
    half.write_bytes(b"1")
    for path in (tmp_path / "ld" / "old", half):
        os.utime(path, (1000, 1000))
    assert store.sweep(datetime.now(UTC) - timedelta(hours=1)) == 2
    assert store.get("new") == b"12345"
    store.put("old", b"54321")


def test_a_folder_counts_what_was_there_before(tmp_path: Path) -> None:
    FolderStore(tmp_path, 10).put("first", b"123456")
    again = FolderStore(tmp_path, 10)
    assert again.get("first") == b"123456"
    with pytest.raises(StorageFull):
        again.put("second", b"12345")


def test_nothing_half_written_is_left_or_counted_when_writing_fails(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, 10)
    (tmp_path / "aa" / "aa").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        store.put("aa", b"1234567")
    assert [path.name for path in (tmp_path / "aa").iterdir()] == ["aa"]
    store.put("b", b"1234567890")
