"""The files that were kept last."""

from __future__ import annotations

from vivant.service.latest import Latest


def test_the_latest_files_are_remembered_and_the_oldest_forgotten() -> None:
    latest = Latest(max_bytes=10, largest=6)
    latest.put("a", b"1234")
    latest.put("b", b"123456")
    assert (latest.get("a"), latest.get("b")) == (b"1234", b"123456")
    latest.put("c", b"1")
    assert (latest.get("a"), latest.get("b"), latest.get("c")) == (None, b"123456", b"1")


def test_large_files_are_left_to_the_disk() -> None:
    latest = Latest(max_bytes=10, largest=6)
    latest.put("a", b"1234")
    latest.put("b", b"1234567")
    assert (latest.get("a"), latest.get("b")) == (b"1234", None)
    latest.put("a", b"1234567")
    assert latest.get("a") is None, "what it was before is not what it is"


def test_what_is_forgotten_makes_room() -> None:
    latest = Latest(max_bytes=10, largest=6)
    latest.put("a", b"123456")
    latest.forget("a")
    latest.forget("a")
    latest.put("b", b"1234")
    latest.put("c", b"123456")
    assert (latest.get("a"), latest.get("b"), latest.get("c")) == (None, b"1234", b"123456")
