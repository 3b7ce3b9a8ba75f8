from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from vivant.ledger.ids import is_id, new_id


def some_ids(_: int) -> list[str]:
    return [new_id("job") for _ in range(700)]


def test_ids_are_new_and_have_their_kind() -> None:
    with ThreadPoolExecutor(8) as crowd:
        ids = [each for some in crowd.map(some_ids, range(8)) for each in some]
    assert len(set(ids)) == len(ids) == 5600
    assert all(is_id(each) and each.startswith("job_") and len(each) == 36 for each in ids)


def test_a_forked_process_has_other_ids() -> None:
    new_id("job")  # so that there is randomness at hand
    forked = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=forked) as others:
        ids = [each[-20:] for some in others.map(some_ids, range(2)) for each in some]
    ids += [each[-20:] for each in some_ids(0)]
    assert len(set(ids)) == len(ids) == 2100
