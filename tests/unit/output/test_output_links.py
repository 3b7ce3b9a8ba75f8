from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivant.base.errors import BadLink, OutputExpired
from vivant.output.links import check_link, sign_link

NOW = datetime(2026, 3, 1, tzinfo=UTC)
END = NOW + timedelta(hours=1)
SECRET = b"s" * 32


def test_a_link_opens_its_file_until_it_ends() -> None:
    proof = sign_link(SECRET, "asset_1", END)
    check_link(SECRET, "asset_1", proof, NOW)
    check_link(SECRET, "asset_1", proof, END - timedelta(microseconds=1))
    with pytest.raises(OutputExpired, match="ended at 2026-03-01 01:00:00 UTC"):
        check_link(SECRET, "asset_1", proof, END)


def test_a_link_opens_nothing_else() -> None:
    proof = sign_link(SECRET, "asset_1", END)
    ends, signature = proof.split(".")
    later = f"{int(ends) + 1}.{signature}"
    for secret, file_id, given_proof in (
        (SECRET, "asset_2", proof),
        (b"t" * 32, "asset_1", proof),
        (SECRET, "asset_1", later),
        (SECRET, "asset_1", proof[:-1]),
        (SECRET, "asset_1", signature),
    ):
        with pytest.raises(BadLink):
            check_link(secret, file_id, given_proof, NOW)


@settings(deadline=None)
@given(st.text())
def test_nonsense_opens_nothing(proof: str) -> None:
    with pytest.raises(BadLink):
        check_link(SECRET, "asset_1", proof, NOW)
