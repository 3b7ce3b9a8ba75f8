from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from vivant.base.clock import SetClock
from vivant.base.errors import VivantError
from vivant.ledger.accounts import Account
from vivant.ledger.database import Database
from vivant.ledger.job import NewJob
from vivant.ledger.jobs import Jobs
from vivant.ledger.ledger import Ledger
from vivant.ledger.rules import DeliveryState
from vivant.ledger.signature import show_secret, signed_headers
from vivant.ledger.webhooks import BACK_OFF, LEASE, Webhooks, wait_after


@pytest.fixture
def webhooks(database: Database, clock: SetClock) -> Webhooks:
    return Webhooks(database, clock)


@pytest.fixture
def finished(database: Database, ledger: Ledger, account: Account, clock: SetClock) -> list[str]:
    """Request ids of three jobs that want to tell of their end."""
    ledger.topup(account.id, 3)
    jobs = Jobs(database, clock)
    deadline = clock() + timedelta(minutes=1)
    new = NewJob(account.id, "story", "v2", {}, 1, deadline, "server", "https://me.example/")
    ended = []
    for _ in range(3):
        request_id = jobs.submit(new).job.request_id
        jobs.fail(request_id, VivantError("no"))
        clock.move(seconds=1)
        ended.append(request_id)
    return ended


def test_a_webhook_that_arrives_is_sent_once(webhooks: Webhooks, finished: list[str]) -> None:
    first, *_ = webhooks.claim(1)
    assert (first.request_id, first.attempts) == (finished[0], 1)
    assert webhooks.record(first, status_code=204) is DeliveryState.DELIVERED
    assert [each.request_id for each in webhooks.claim()] == finished[1:]
    assert [
        (line.attempt, line.status_code, line.arrived) for line in webhooks.log(finished[0])
    ] == [(1, 204, True)]


def test_one_that_fails_is_tried_at_growing_intervals_and_given_up(
    webhooks: Webhooks, finished: list[str], clock: SetClock
) -> None:
    for other in webhooks.claim()[1:]:
        webhooks.record(other, status_code=200)
    clock.move(seconds=LEASE.total_seconds())
    waited = []
    for attempt in range(2, 2 + len(BACK_OFF)):
        [delivery] = webhooks.claim()
        assert delivery.attempts == attempt
        failed_at = clock()
        state = webhooks.record(delivery, error="no answer")
        if state is DeliveryState.GIVEN_UP:
            break
        assert webhooks.claim() == ()
        clock.move(seconds=BACK_OFF[attempt - 1].total_seconds())
        waited.append(clock() - failed_at)
    assert waited == list(BACK_OFF[1:])
    assert state is DeliveryState.GIVEN_UP
    clock.move(days=30)
    assert webhooks.claim() == ()
    log = webhooks.log(finished[0])
    assert [line.attempt for line in log] == list(range(2, 2 + len(BACK_OFF)))
    assert {line.error for line in log} == {"no answer"}


@pytest.mark.parametrize("status_code", [199, 301, 404, 500])
def test_only_a_2xx_is_an_arrival(
    webhooks: Webhooks, finished: list[str], status_code: int
) -> None:
    [delivery] = webhooks.claim(1)
    assert delivery.request_id == finished[0]
    assert webhooks.record(delivery, status_code=status_code) is DeliveryState.WAITING


def test_a_sender_that_died_is_replaced_after_its_lease(
    webhooks: Webhooks, finished: list[str], clock: SetClock
) -> None:
    assert len(webhooks.claim()) == len(finished)
    assert webhooks.claim() == ()
    clock.move(seconds=LEASE.total_seconds())
    assert [each.attempts for each in webhooks.claim()] == [2, 2, 2]


def test_no_two_senders_get_the_same(webhooks: Webhooks, finished: list[str]) -> None:
    start = threading.Barrier(8)

    def claim(_: int) -> list[str]:
        start.wait()
        return [delivery.request_id for delivery in webhooks.claim(1)]

    with ThreadPoolExecutor(8) as senders:
        claimed = [one for some in senders.map(claim, range(8)) for one in some]
    assert sorted(claimed) == sorted(finished)


def test_waits_grow_and_end() -> None:
    waits = [wait_after(attempt) for attempt in range(1, 10)]
    known = [wait for wait in waits if wait is not None]
    assert known == sorted(known)
    assert waits[0] == timedelta(seconds=5)
    assert waits[8] is None
    assert sum(known, timedelta()) < timedelta(days=1)


def test_signatures_are_those_of_the_specification() -> None:
    # The example of https://github.com/standard-webhooks/standard-webhooks, "signing".
    secret = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    sent_at = datetime.fromtimestamp(1731705121, UTC)
    body = b'{"event_type":"ping","data":{"success":true}}'
    headers = signed_headers(secret, "msg_loFOjxBNrRLzqYUf", sent_at, body)
    assert headers == {
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }
    assert show_secret(secret) == "whsec_plJ3nmyCDGBKInavdOK15jsl"
