from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from vivant.base.clock import SetClock
from vivant.base.errors import JobClosed
from vivant.ledger.accounts import Account
from vivant.ledger.database import Database
from vivant.ledger.job import NewJob
from vivant.ledger.jobs import GRACE, Jobs
from vivant.ledger.ledger import Ledger
from vivant.ledger.recovery import Recovery
from vivant.ledger.rules import JobStatus


@pytest.fixture
def jobs(database: Database, clock: SetClock) -> Jobs:
    return Jobs(database, clock)


@pytest.fixture
def recovery(database: Database, clock: SetClock) -> Recovery:
    return Recovery(database, clock)


Submit = Callable[..., str]


@pytest.fixture
def submit(jobs: Jobs, ledger: Ledger, account: Account, clock: SetClock) -> Submit:
    ledger.topup(account.id, 100)

    def make(worker: str = "mine", minutes: int = 10) -> str:
        deadline = clock() + timedelta(minutes=minutes)
        new = NewJob(account.id, "story", "v2", {}, 10, deadline, worker)
        return jobs.submit(new).job.request_id

    return make


def test_what_waited_and_what_ran_is_queued_again_in_order(
    jobs: Jobs, recovery: Recovery, submit: Submit
) -> None:
    ran, waited, done = submit(), submit(), submit()
    jobs.claim(ran)
    jobs.progress(ran, 5, 20)
    jobs.claim(done)
    jobs.complete(done, [])
    back = recovery.recover("mine")
    assert [job.request_id for job in back] == [ran, waited]
    assert back == (jobs.get(ran), jobs.get(waited))
    assert {(job.status, job.step) for job in back} == {(JobStatus.QUEUED, 0)}
    assert jobs.claim(ran).attempts == 2


def test_a_job_that_was_cut_off_twice_fails_and_costs_nothing(
    jobs: Jobs, recovery: Recovery, submit: Submit, ledger: Ledger, account: Account
) -> None:
    request_id = submit()
    jobs.claim(request_id)
    assert recovery.recover("mine")[0].attempts == 1
    jobs.claim(request_id)
    assert recovery.recover("mine") == ()
    job = jobs.get(request_id)
    assert (job.status, job.error_kind) == (JobStatus.FAILED, "EngineStopped")
    assert job.error == "the server stopped while it worked on this request; nothing was charged"
    assert ledger.balance(account.id) == 100


def test_another_servers_jobs_are_left_to_it(
    jobs: Jobs, recovery: Recovery, submit: Submit
) -> None:
    theirs = submit("theirs")
    jobs.claim(theirs)
    assert recovery.recover("mine") == ()
    assert jobs.get(theirs).status is JobStatus.PROCESSING


def test_overdue_jobs_fail_whosever_they_are(
    jobs: Jobs,
    recovery: Recovery,
    submit: Submit,
    ledger: Ledger,
    account: Account,
    clock: SetClock,
) -> None:
    waiting, running, later = submit(), submit("theirs"), submit(minutes=11)
    jobs.claim(running)
    assert recovery.sweep().jobs == ()
    clock.move(minutes=10)
    swept = recovery.sweep()
    assert (swept.jobs, swept.holds) == ((waiting, running), 0)
    assert ledger.balance(account.id) == 90
    assert jobs.get(running).error == "not done within 600 s"
    assert jobs.get(running).error_kind == "DeadlinePassed"
    with pytest.raises(JobClosed, match="FAILED"):
        jobs.complete(running, [])
    assert jobs.get(later).status is JobStatus.QUEUED


def test_pictures_that_come_within_the_grace_are_taken(
    jobs: Jobs, submit: Submit, clock: SetClock
) -> None:
    request_id = submit()
    jobs.claim(request_id)
    clock.move(minutes=10, seconds=GRACE.total_seconds() - 1)
    assert jobs.complete(request_id, []).job.charged == 10


def test_a_hold_without_a_job_is_released_too(
    recovery: Recovery, ledger: Ledger, account: Account, clock: SetClock
) -> None:
    ledger.topup(account.id, 5)
    ledger.hold(account.id, 5, clock() + timedelta(minutes=1))
    clock.move(minutes=1)
    assert recovery.sweep().holds == 1
    assert ledger.balance(account.id) == 5
