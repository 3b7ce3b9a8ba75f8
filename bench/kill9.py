"""Kill a server under load, again and again, and see what became of every request and credit.

    python -m bench.kill9                       # 30 kills, SQLite in a folder of its own
    python -m bench.kill9 --postgresql          # the same on a PostgreSQL server of its own
    python -m bench.kill9 --rounds 5 --database postgresql://...

Each round starts a server with made-up pictures on the same data, sends it v1 and v2 requests from
several threads, half of them with an Idempotency-Key, and kills it (SIGKILL) at a moment of chance.
Whoever got no answer and has a key asks again in the next round. After the last kill the server is
started once more and finishes what is open. Then, by the database itself: no request that was
answered is missing, each hold was opened once and closed once, only COMPLETED jobs were charged,
each its price once, their files are there, and the balance is what is left.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from sqlalchemy import Row, func, select

from vivant.base.settings import read_settings
from vivant.doors.serve import run_until_told
from vivant.doors.wiring import Books, open_books, open_house
from vivant.engine.fake import FakeRunner
from vivant.ledger.rules import OPEN, HoldState, JobStatus, Kind
from vivant.ledger.tables import assets, holds, jobs, movements
from vivant.output.store import FolderStore
from vivant.web.app import create_app

THREADS = 8
POSE = {"prompt": "a girl", "image": "preset:waving"}
CREDITS = 1_000_000_000
"""Micro-credits, more than is spent."""

PATIENCE_S = 120


@dataclass
class Told:
    """What clients know.

    Attributes:
        queued: ids of v2 requests that were answered.
        paid: ids of v1 requests that were answered with 200.
        unanswered: Idempotency-Keys with their routes that got no answer yet.
        statuses: answers, by route and status.
    """

    queued: set[str] = field(default_factory=set)
    paid: set[str] = field(default_factory=set)
    unanswered: dict[str, str] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


def serve(folder: str, database: str | None) -> None:
    """The server to be killed; prints its port."""
    settings = read_settings(data=folder, database_url=database, fake=True, max_attempts=5)
    house = open_house(settings, runner=FakeRunner(steps=4, seconds_per_step=0.004, side=64))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        house.service.start()
        print(listening.getsockname()[1], flush=True)
        config = uvicorn.Config(
            create_app(house.service, settings), log_config=None, access_log=False
        )
        run_until_told(uvicorn.Server(config), listening)
        house.service.stop()


@contextmanager
def running(folder: Path, database: str | None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of its own process, and its URL."""
    command = [sys.executable, __file__, "--serve", str(folder)]
    command += [] if database is None else ["--database", database]
    with subprocess.Popen(  # noqa: S603  # this very file
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101
        port = process.stdout.readline().strip()
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def load(url: str, key: str, told: Told, stop: threading.Event, seed: int) -> None:
    """Send requests, one after the other, until there is nobody to answer."""
    chance = random.Random(seed)  # noqa: S311
    with httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=60) as client:
        while not stop.is_set():
            route, once = _next(told, chance)
            headers = {} if once is None else {"Idempotency-Key": once}
            if once is not None:
                with told.lock:
                    told.unanswered[once] = route
            try:
                answer = client.post(route, json=POSE, headers=headers)
            except httpx.TransportError:
                return
            _note(told, route, once, answer)


def _next(told: Told, chance: random.Random) -> tuple[str, str | None]:
    """A new request, or one again that got no answer: its route, and its Idempotency-Key."""
    with told.lock:
        if told.unanswered and chance.random() < 0.3:
            once, route = told.unanswered.popitem()
            return route, once
    route = chance.choice(["/v1/sd3-med-pose", "/v2/sd3-med-pose"])
    return route, str(uuid4()) if chance.random() < 0.5 else None


def _note(told: Told, route: str, once: str | None, answer: httpx.Response) -> None:
    with told.lock:
        told.statuses[f"{route[:3]} {answer.status_code}"] += 1
        if once is not None and answer.status_code != 503:
            told.unanswered.pop(once, None)
        if answer.status_code != 200:
            return
        if route.startswith("/v1"):
            told.paid.add(answer.headers["x-request-id"])
        else:
            told.queued.add(answer.json()["request_id"])


def kill_once(
    folder: Path, database: str | None, key: str, told: Told, chance: random.Random
) -> float:
    """One round; returns how many seconds after the first answers the server was killed."""
    with running(folder, database) as (process, url):
        stop = threading.Event()
        before = sum(told.statuses.values())
        seeds = [chance.randrange(2**32) for _ in range(THREADS)]
        threads = [
            threading.Thread(target=load, args=(url, key, told, stop, seed)) for seed in seeds
        ]
        for thread in threads:
            thread.start()
        while sum(told.statuses.values()) < before + THREADS and process.poll() is None:
            time.sleep(0.01)
        delay = chance.random()
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        stop.set()
        for thread in threads:
            thread.join()
    return delay


def finish(folder: Path, database: str | None, books: Books) -> None:
    """Start the server once more and wait until nothing is open."""
    with running(folder, database) as (process, _):
        end = time.monotonic() + PATIENCE_S
        while _open_jobs(books) and time.monotonic() < end:
            time.sleep(0.1)
        process.terminate()
        process.wait(60)


def _open_jobs(books: Books) -> int:
    query = select(func.count()).select_from(jobs).where(jobs.c.status.in_(OPEN))
    with books.database.read() as connection:
        return int(connection.execute(query).scalar_one())


def problems(books: Books, folder: Path, account_id: str, told: Told) -> list[str]:
    """Whatever is not as it should be."""
    with books.database.read() as connection:
        rows = {row.request_id: row for row in connection.execute(select(jobs))}
        states = {row.id: row.state for row in connection.execute(select(holds))}
        moves: dict[str, Counter[Kind]] = {hold_id: Counter() for hold_id in states}
        for move in connection.execute(select(movements).where(movements.c.hold_id.is_not(None))):
            moves[move.hold_id][move.kind] += 1
        files = [tuple(row) for row in connection.execute(select(assets.c.request_id, assets.c.id))]
    store = FolderStore(folder / "files", 10**12)
    found = [f"{each} is lost" for each in told.queued | told.paid if each not in rows]
    for row in rows.values():
        wrong = _wrong_with(row, states[row.hold_id], moves[row.hold_id])
        found += [f"{row.request_id} is {row.status}: {what}" for what in wrong]
    done = {row.request_id for row in rows.values() if row.status is JobStatus.COMPLETED}
    found += [f"{each} was answered with 200 and failed" for each in told.paid - done]
    found += [f"{each} has no picture" for each in done - {owner for owner, _ in files}]
    found += [f"{each} is empty" for owner, each in files if owner and not store.get(each)]
    charged = sum(row.charged for row in rows.values())
    if books.ledger.balance(account_id) != CREDITS - charged:
        found.append(f"the balance is not what was put in less {charged} charged")
    found += [f"the book of {each} does not add up" for each in books.ledger.discrepancies()]
    return found


def _wrong_with(row: Row[Any], hold: HoldState, moves: Counter[Kind]) -> list[str]:
    """What is wrong with one job, its hold and what that moved."""
    done = row.status is JobStatus.COMPLETED
    checks = {
        f"its hold is {hold}": hold is (HoldState.SETTLED if done else HoldState.RELEASED),
        f"its hold moved {dict(moves)}": moves[Kind.HOLD] == 1
        and moves[Kind.SETTLE] + moves[Kind.RELEASE] == 1,
        f"{row.charged} was charged": row.charged == (row.price if done else 0),
        "it is open": row.status not in OPEN,
    }
    return [what for what, well in checks.items() if not well]


def report(books: Books, told: Told) -> None:
    """Print what happened."""
    with books.database.read() as connection:
        ends = connection.execute(
            select(jobs.c.status, jobs.c.version, jobs.c.error_kind, func.count())
            .group_by(jobs.c.status, jobs.c.version, jobs.c.error_kind)
            .order_by(jobs.c.status, jobs.c.version)
        ).all()
        again = connection.execute(
            select(func.count()).select_from(jobs).where(jobs.c.attempts > 1)
        ).scalar_one()
    print("answers:", dict(sorted(told.statuses.items())), "without answer:", len(told.unanswered))
    for status, version, kind, count in ends:
        print(f"{count:6} {version} {status.value}{'' if kind is None else f' ({kind})'}")
    print(f"{again:6} were run again after a kill")


def main(rounds: int, database: str | None, seed: int = 9) -> list[str]:
    """Kill so many times; returns what is not as it should be."""
    chance = random.Random(seed)  # noqa: S311
    told = Told()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        books = open_books(read_settings(data=name, database_url=database))
        account = books.accounts.create(f"kill9-{uuid4()}")
        books.ledger.topup(account.id, CREDITS)
        key = books.keys.create(account.id, "").secret
        for number in range(1, rounds + 1):
            delay = kill_once(folder, database, key, told, chance)
            print(
                f"kill {number:2}: {delay:.2f} s after the first answers, {_open_jobs(books)} open"
            )
        finish(folder, database, books)
        report(books, told)
        found = problems(books, folder, account.id, told)
        books.close()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--database", help="postgresql://..., empty but for our tables")
    where.add_argument("--postgresql", action="store_true", help="start a server, as the tests do")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--serve", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.database)
    else:
        with ExitStack() as stack:
            if options.postgresql:
                from tests.support.postgres import running_server  # not for the server to be killed

                options.database = stack.enter_context(running_server()).format(name="postgres")
            wrong = main(options.rounds, options.database, options.seed)
        print("\n".join(wrong) or "no request lost, none charged twice, every hold closed")
        sys.exit(bool(wrong))
