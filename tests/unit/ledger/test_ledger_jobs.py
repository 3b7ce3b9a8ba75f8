from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import StatementError

from vivant.base.clock import SetClock
from vivant.base.errors import (
    HoldClosed,
    IdempotencyConflict,
    InvalidInput,
    JobClosed,
    NobodyFound,
    NoSuchAccount,
    NoSuchJob,
    NotEnoughCredits,
    VivantError,
)
from vivant.ledger.accounts import Account, Accounts
from vivant.ledger.assets import Assets, StoredFile
from vivant.ledger.database import Database
from vivant.ledger.job import Idempotency, NewJob, fingerprint
from vivant.ledger.jobs import GRACE, Jobs
from vivant.ledger.ledger import Ledger
from vivant.ledger.rules import JobStatus, Kind
from vivant.ledger.webhooks import Webhooks

PRICE = 17_000


@pytest.fixture
def jobs(database: Database, clock: SetClock) -> Jobs:
    return Jobs(database, clock)


@pytest.fixture
def rich(ledger: Ledger, account: Account) -> str:
    ledger.topup(account.id, 10 * PRICE)
    return account.id


NewJobs = Callable[..., NewJob]


@pytest.fixture
def new(rich: str, clock: SetClock) -> NewJobs:
    def make(**changes: object) -> NewJob:
        fields: dict[str, object] = {
            "account_id": rich,
            "slug": "sd3-med-pose",
            "version": "v2",
            "request": {"prompt": "a girl"},
            "price": PRICE,
            "deadline": clock() + timedelta(minutes=10),
            "worker": "server-1",
        }
        return NewJob(**{**fields, **changes})  # type: ignore[arg-type]

    return make


def files(clock: SetClock, count: int = 1) -> list[StoredFile]:
    expires = clock() + timedelta(days=1)
    return [
        StoredFile("image/jpeg", 50_000, "ab" * 32, expires, 512, 512, seed)
        for seed in range(count)
    ]


def test_a_job_from_submission_to_pictures(
    database: Database, jobs: Jobs, ledger: Ledger, new: NewJobs, clock: SetClock
) -> None:
    submitted = jobs.submit(new())
    request_id = submitted.job.request_id
    assert (submitted.is_new, submitted.balance) == (True, 9 * PRICE)
    assert jobs.get(request_id) == submitted.job
    assert submitted.job.status is JobStatus.QUEUED
    clock.move(seconds=2)
    assert jobs.claim(request_id).started_at == clock()
    assert jobs.progress(request_id, 3, 20)
    clock.move(seconds=5)
    done = jobs.complete(request_id, files(clock, 2), seed=7, metrics={"inference_time": 5.0})
    job = jobs.get(request_id)
    assert (job.status, job.step, job.total, job.attempts) == (JobStatus.COMPLETED, 3, 20, 1)
    assert (job.seed, job.metrics, job.charged) == (7, {"inference_time": 5.0}, PRICE)
    assert job.finished_at == clock()
    assert done.job == job
    assert done.balance == 9 * PRICE
    outputs = Assets(database, clock).of_job(request_id)
    assert [(output.place, output.seed, output.width) for output in outputs] == [
        (0, 0, 512),
        (1, 1, 512),
    ]
    book = ledger.history(job.account_id).items
    assert [line.kind for line in book] == [Kind.SETTLE, Kind.HOLD, Kind.TOPUP]
    assert {line.hold_id for line in book} == {job.hold_id, None}


def test_completing_again_changes_nothing(
    database: Database, jobs: Jobs, ledger: Ledger, new: NewJobs, clock: SetClock
) -> None:
    request_id = jobs.submit(new()).job.request_id
    jobs.claim(request_id)
    once = jobs.complete(request_id, files(clock), charge=PRICE - 1)
    assert jobs.complete(request_id, files(clock), charge=5) == once
    assert len(Assets(database, clock).of_job(request_id)) == 1
    assert ledger.balance(once.job.account_id) == 9 * PRICE + 1


def test_a_job_that_cannot_be_paid_leaves_nothing(
    jobs: Jobs, ledger: Ledger, new: NewJobs, rich: str
) -> None:
    with pytest.raises(NotEnoughCredits):
        jobs.submit(new(price=11 * PRICE, idempotency=Idempotency("k", fingerprint(b"x"))))
    assert jobs.history(rich).items == ()
    assert len(ledger.history(rich).items) == 1
    assert jobs.submit(new(idempotency=Idempotency("k", fingerprint(b"y")))).is_new
    with pytest.raises(NoSuchAccount):
        jobs.submit(new(account_id="account_none"))


def test_a_failed_job_costs_nothing_and_says_why(
    jobs: Jobs, ledger: Ledger, new: NewJobs, rich: str
) -> None:
    request_id = jobs.submit(new()).job.request_id
    jobs.claim(request_id)
    for _ in range(2):
        failed = jobs.fail(request_id, NobodyFound("image: nobody\0 found \ud800"))
        assert failed.balance == ledger.balance(rich) == 10 * PRICE
    job = jobs.get(request_id)
    assert (job.status, job.charged) == (JobStatus.FAILED, 0)
    assert (job.error, job.error_kind) == ("image: nobody found ?", "NobodyFound")
    with pytest.raises(JobClosed, match="is FAILED already"):
        jobs.complete(request_id, [])


def test_a_cancelled_job_costs_nothing_and_is_not_worked_on(
    database: Database, jobs: Jobs, ledger: Ledger, new: NewJobs, rich: str, clock: SetClock
) -> None:
    waiting = jobs.submit(new()).job.request_id
    running = jobs.submit(new()).job.request_id
    jobs.claim(running)
    for request_id in (waiting, running):
        for _ in range(2):
            assert jobs.cancel(request_id, rich).job.status is JobStatus.CANCELLED
    assert ledger.balance(rich) == 10 * PRICE
    assert not jobs.progress(running, 1, 20)
    with pytest.raises(JobClosed, match="is CANCELLED already"):
        jobs.claim(waiting)
    with pytest.raises(JobClosed):
        jobs.complete(running, files(clock))
    with pytest.raises(JobClosed):
        jobs.fail(running, VivantError("too late"))
    assert Assets(database, clock).of_job(running) == ()
    stranger = Accounts(database, clock).create("stranger").id
    with pytest.raises(NoSuchJob):
        jobs.cancel(running, stranger)


def test_a_completed_job_is_neither_cancelled_nor_failed(
    jobs: Jobs, new: NewJobs, rich: str, clock: SetClock
) -> None:
    request_id = jobs.submit(new()).job.request_id
    jobs.claim(request_id)
    jobs.complete(request_id, files(clock))
    for end in (
        lambda: jobs.cancel(request_id, rich),
        lambda: jobs.fail(request_id, VivantError("late")),
    ):
        with pytest.raises(JobClosed, match="is COMPLETED already"):
            end()


def test_pictures_and_payment_come_together_or_not_at_all(
    database: Database, jobs: Jobs, ledger: Ledger, new: NewJobs, rich: str, clock: SetClock
) -> None:
    request_id = jobs.submit(new()).job.request_id
    jobs.claim(request_id)
    twice = files(clock) * 2
    with pytest.raises(Exception, match=r"(?i)unique"):
        jobs.complete(request_id, twice)
    assert jobs.get(request_id).status is JobStatus.PROCESSING
    assert Assets(database, clock).of_job(request_id) == ()
    assert len(ledger.history(rich).items) == 2
    clock.move(minutes=10)
    clock.move(seconds=GRACE.total_seconds())
    with pytest.raises(HoldClosed):
        jobs.complete(request_id, files(clock))


def test_only_a_running_job_is_completed(jobs: Jobs, new: NewJobs, clock: SetClock) -> None:
    request_id = jobs.submit(new()).job.request_id
    with pytest.raises(JobClosed, match="is QUEUED already"):
        jobs.complete(request_id, files(clock))


def test_a_job_that_is_done_already_is_claimed_and_completed_at_once(
    jobs: Jobs, new: NewJobs, rich: str, clock: SetClock
) -> None:
    request_id = jobs.submit(new()).job.request_id
    done = jobs.complete(request_id, files(clock), claim=True).job
    assert jobs.get(request_id) == done
    assert (done.status, done.attempts, done.charged) == (JobStatus.COMPLETED, 1, PRICE)
    assert done.started_at == clock()
    with pytest.raises(JobClosed, match="is COMPLETED already"):
        jobs.claim(request_id)
    unwanted = jobs.submit(new()).job.request_id
    jobs.cancel(unwanted, rich)
    with pytest.raises(JobClosed, match="is CANCELLED already"):
        jobs.complete(unwanted, files(clock), claim=True)


def test_one_claimant_gets_a_job(jobs: Jobs, new: NewJobs) -> None:
    request_id = jobs.submit(new()).job.request_id
    start = threading.Barrier(12)

    def claim(_: int) -> bool:
        start.wait()
        try:
            jobs.claim(request_id)
        except JobClosed:
            return False
        return True

    with ThreadPoolExecutor(12) as crowd:
        assert sum(crowd.map(claim, range(12))) == 1
    assert jobs.get(request_id).attempts == 1


def test_the_same_key_and_body_is_the_same_job(
    jobs: Jobs, ledger: Ledger, new: NewJobs, rich: str, database: Database, clock: SetClock
) -> None:
    key = Idempotency("order-1", fingerprint(b"/v2/sd3-med-pose", b"{}"))
    first = jobs.submit(new(idempotency=key))
    again = jobs.submit(new(idempotency=key))
    assert (again.job, again.is_new) == (first.job, False)
    assert again.balance == ledger.balance(rich) == 9 * PRICE
    with pytest.raises(IdempotencyConflict, match="'order-1' was used with another request"):
        jobs.submit(new(idempotency=Idempotency("order-1", fingerprint(b"/v2/other", b"{}"))))
    other = Accounts(database, clock).create("grace").id
    ledger.topup(other, PRICE)
    assert jobs.submit(new(account_id=other, idempotency=key)).is_new


def test_the_same_key_at_once_is_one_job(
    jobs: Jobs, ledger: Ledger, new: NewJobs, rich: str
) -> None:
    request = new(idempotency=Idempotency("once", fingerprint(b"")))
    start = threading.Barrier(20)

    def submit(_: int) -> str:
        start.wait()
        return jobs.submit(request).job.request_id

    with ThreadPoolExecutor(20) as crowd:
        assert len(set(crowd.map(submit, range(20)))) == 1
    assert ledger.balance(rich) == 9 * PRICE


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\t", "nul\0", "é"])
def test_a_key_is_visible_ascii(key: str) -> None:
    with pytest.raises(InvalidInput, match="Idempotency-Key"):
        Idempotency(key, fingerprint(b""))


def test_fingerprints_tell_where_parts_end() -> None:
    assert fingerprint(b"ab", b"c") != fingerprint(b"a", b"bc")


def test_another_accounts_job_is_not_there(
    jobs: Jobs, new: NewJobs, rich: str, database: Database, clock: SetClock
) -> None:
    request_id = jobs.submit(new()).job.request_id
    stranger = Accounts(database, clock).create("stranger").id
    assert jobs.get(request_id, rich).request_id == request_id
    for wrong, asker in ((request_id, stranger), ("req_none", rich), ("\0", rich), ("é/..", rich)):
        with pytest.raises(NoSuchJob, match="no request has the id"):
            jobs.get(wrong, asker)


def test_history_is_read_in_pages(
    jobs: Jobs, new: NewJobs, rich: str, database: Database, clock: SetClock
) -> None:
    made = [jobs.submit(new()).job.request_id for _ in range(5)]
    first = jobs.history(rich, limit=3)
    second = jobs.history(rich, before=first.next, limit=3)
    assert [job.request_id for job in (*first.items, *second.items)] == made[::-1]
    assert second.next is None
    stranger = Accounts(database, clock).create("stranger").id
    assert jobs.history(stranger).items == ()
    with pytest.raises(NoSuchJob):
        jobs.history(stranger, before=made[0])
    with pytest.raises(InvalidInput, match="limit"):
        jobs.history(rich, limit=0)


def test_requests_of_any_text_come_back(jobs: Jobs, new: NewJobs) -> None:
    request = {
        "prompt": "nul \0, half \ud800, 月",
        "seed": 2**63 - 1,
        "strength": 0.1,
        "image": None,
    }
    request_id = jobs.submit(new(request=request)).job.request_id
    assert jobs.get(request_id).request == request
    with pytest.raises((StatementError, ValueError), match="not JSON compliant"):
        jobs.submit(new(request={"strength": float("nan")}))


def test_a_finished_job_tells_its_webhook(
    database: Database, jobs: Jobs, new: NewJobs, rich: str, clock: SetClock
) -> None:
    told = [jobs.submit(new(webhook_url="https://me.example/hook")).job.request_id for _ in "123"]
    jobs.submit(new())
    webhooks = Webhooks(database, clock)
    assert webhooks.claim() == ()
    jobs.claim(told[0])
    jobs.complete(told[0], files(clock))
    clock.move(seconds=1)
    jobs.fail(told[1], VivantError("no"))
    clock.move(seconds=1)
    jobs.cancel(told[2], rich)
    deliveries = webhooks.claim()
    assert [delivery.request_id for delivery in deliveries] == told
    assert {delivery.url for delivery in deliveries} == {"https://me.example/hook"}


def test_a_refused_job_is_as_if_it_had_never_come(
    jobs: Jobs, new: NewJobs, database: Database, clock: SetClock, ledger: Ledger, rich: str
) -> None:
    key = Idempotency("once", fingerprint(b"body"))
    refused = jobs.submit(new(idempotency=key, webhook_url="https://example.com/hook")).job
    ended = jobs.refuse(refused.request_id, NobodyFound("nobody"))
    assert (ended.job.status, ended.balance) == (JobStatus.FAILED, 10 * PRICE)
    assert Webhooks(database, clock).claim() == ()
    again = jobs.submit(new(idempotency=key))
    assert again.is_new
    assert again.job.idempotency_key == "once"
    assert ledger.balance(rich) == 9 * PRICE


def test_a_jobs_pictures_are_entered_with_it(
    jobs: Jobs, new: NewJobs, database: Database, clock: SetClock, rich: str
) -> None:
    given = StoredFile("image/png", 3, "0" * 64, clock() + timedelta(days=1))
    key = Idempotency("once", fingerprint(b"body"))
    for _ in range(2):
        submitted = jobs.submit(new(inputs=(given,), idempotency=key))
    assets = Assets(database, clock)
    assert assets.get(given.id, rich).request_id is None
    assert assets.of_job(submitted.job.request_id) == ()
