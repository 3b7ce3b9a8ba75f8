from __future__ import annotations

from datetime import timedelta

import pytest

from vivant.base.clock import SetClock
from vivant.base.errors import NoSuchAsset, OutputExpired
from vivant.ledger.accounts import Account, Accounts
from vivant.ledger.assets import Assets, StoredFile
from vivant.ledger.database import Database


@pytest.fixture
def assets(database: Database, clock: SetClock) -> Assets:
    return Assets(database, clock)


def upload(clock: SetClock, hours: int = 1) -> StoredFile:
    return StoredFile("image/png", 123, "0" * 64, clock() + timedelta(hours=hours))


def test_an_upload_is_found_by_its_owner_and_by_a_link(
    assets: Assets, account: Account, clock: SetClock
) -> None:
    file = upload(clock)
    asset = assets.add(account.id, file)
    assert (asset.id, asset.size, asset.request_id) == (file.id, 123, None)
    assert assets.get(file.id, account.id) == assets.get(file.id) == asset


def test_others_files_are_not_there(
    database: Database, assets: Assets, account: Account, clock: SetClock
) -> None:
    asset = assets.add(account.id, upload(clock))
    stranger = Accounts(database, clock).create("stranger").id
    for wrong, asker in ((asset.id, stranger), ("asset_none", None), ("../x", None), ("\0", None)):
        with pytest.raises(NoSuchAsset, match="no stored file has the id"):
            assets.get(wrong, asker)


def test_a_file_whose_time_is_over_is_gone_before_it_is_deleted_and_after(
    assets: Assets, account: Account, clock: SetClock
) -> None:
    short = assets.add(account.id, upload(clock, 1)).id
    long = assets.add(account.id, upload(clock, 2)).id
    assert assets.expired() == ()
    clock.move(hours=1)
    with pytest.raises(OutputExpired, match="was kept until 2026-03-01 13:00:30 UTC"):
        assets.get(short)
    assert assets.expired() == (short,)
    assets.mark_deleted([short])
    assert assets.expired() == ()
    with pytest.raises(OutputExpired):
        assets.get(short)
    assert assets.get(long).id == long
