from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

from tests.unit.ledger.busy_server import PRICE
from vivant.ledger.accounts import Accounts
from vivant.ledger.assets import Assets
from vivant.ledger.database import Database
from vivant.ledger.jobs import Jobs
from vivant.ledger.ledger import Ledger
from vivant.ledger.recovery import Recovery
from vivant.ledger.rules import JobStatus

PROGRAM = Path(__file__).with_name("busy_server.py")
KILLS = 3


def work_until_killed(url: str, account_id: str, lines: int, delay: float) -> set[tuple[str, str]]:
    """What the program said before it was killed (SIGKILL) at a moment of chance."""
    command = [sys.executable, str(PROGRAM), url, account_id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:  # noqa: S603
        assert program.stdout is not None
        said = [next(program.stdout) for _ in range(lines)]
        threading.Timer(delay, program.kill).start()
        said += [line for line in program.stdout if line.endswith("\n")]
    verbs = (line.split() for line in said)
    return {(verb, request_id) for verb, request_id in verbs}


def test_kill_9_loses_no_job_and_charges_none_twice(url: str) -> None:
    chance = random.Random(9)  # noqa: S311  # when to kill is no secret
    database = Database(url)
    ledger, jobs, recovery = Ledger(database), Jobs(database), Recovery(database)
    account = Accounts(database).create("crash").id
    ledger.topup(account, 10_000 * PRICE)
    said: set[tuple[str, str]] = set()
    for _ in range(KILLS):
        said |= work_until_killed(url, account, chance.randint(3, 30), chance.random() / 50)
        for job in recovery.recover("busy"):
            jobs.claim(job.request_id)
            jobs.complete(job.request_id, [])
    told = {request_id for verb, request_id in said if verb == "submitted"}
    known = [jobs.get(request_id) for request_id in told]
    assert {job.status for job in known} == {JobStatus.COMPLETED}
    assert {job.charged for job in known} == {PRICE}
    paid = [request_id for verb, request_id in said if verb == "completed"]
    assert all(len(Assets(database).of_job(request_id)) == 1 for request_id in paid)
    completed = 10_000 - ledger.balance(account) // PRICE
    # The last word before each kill may not have been said.
    assert len(told) <= completed <= len(told) + KILLS
    assert ledger.discrepancies() == ()
    database.close()
