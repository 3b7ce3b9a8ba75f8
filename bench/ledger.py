"""Requests per second that the store carries: key check, submission, claim, completion.

    python bench/ledger.py                                   # SQLite in a folder of its own
    python bench/ledger.py --database postgresql://...       # any other, which it fills

Each request is what one paid v1 request asks of the database: authenticate, then hold and job row,
then claim, then files' rows and settlement: four transactions. Each figure is the median of
`--repeats` runs after one that is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from vivant.base.clock import utc_now
from vivant.ledger.accounts import Accounts
from vivant.ledger.assets import StoredFile
from vivant.ledger.database import Database, sqlite_url
from vivant.ledger.job import NewJob
from vivant.ledger.jobs import Jobs
from vivant.ledger.keys import Keys
from vivant.ledger.ledger import Ledger
from vivant.ledger.migrations import upgrade
from vivant.output.store import FolderStore

PRICE = 17_000
PICTURE = bytes(50_000)


@dataclass(frozen=True)
class Figures:
    """What one run measured: requests per second, and milliseconds of a request's database part."""

    per_second: float
    median_ms: float
    p99_ms: float


class Service:
    """The database's part of a server, with one paying account."""

    def __init__(self, url: str, folder: Path | None) -> None:
        self.database = Database(url)
        upgrade(self.database)
        self.keys = Keys(self.database)
        self.jobs = Jobs(self.database)
        self.store = None if folder is None else FolderStore(folder, 10 * 2**30)
        account = Accounts(self.database).create(f"bench {uuid4()}").id
        Ledger(self.database).topup(account, 10**12)
        self.secret = self.keys.create(account, "bench").secret

    def authenticate(self) -> None:
        """One check of a key."""
        self.keys.authenticate(self.secret)

    def submit_only(self) -> None:
        """A check, a hold and a job row."""
        self._submitted()

    def serve(self) -> None:
        """One paid request, picture and all."""
        request_id = self._submitted()
        self.jobs.claim(request_id)
        expires = utc_now() + timedelta(days=1)
        picture = StoredFile("image/jpeg", len(PICTURE), "0" * 64, expires, 512, 512, 1)
        if self.store is not None:
            self.store.put(picture.id, PICTURE)
        self.jobs.complete(request_id, [picture], seed=1, metrics={"inference_time": 1.0})

    def _submitted(self) -> str:
        caller = self.keys.authenticate(self.secret)
        new = NewJob(
            account_id=caller.account_id,
            slug="sd3-med-pose",
            version="v1",
            request={"prompt": "a girl wearing a suit", "num_inference_steps": 20, "seed": 1},
            price=PRICE,
            deadline=utc_now() + timedelta(minutes=10),
            worker="bench",
        )
        return self.jobs.submit(new).job.request_id


def measure(work: Callable[[], None], requests: int, threads: int) -> Figures:
    """Run `work` so often, on so many threads."""
    taken: list[float] = []

    def one(_: int) -> None:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(requests)))
    seconds = time.perf_counter() - start
    p99 = statistics.quantiles(taken, n=100)[98]
    return Figures(requests / seconds, 1000 * statistics.median(taken), 1000 * p99)


def medians(runs: list[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(
        *(
            statistics.median(getattr(run, name) for run in runs)
            for name in ("per_second", "median_ms", "p99_ms")
        )
    )


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", help="URL; by default a new SQLite file")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 8, 32])
    arguments = parser.parse_args()
    table = Table("work", "threads", "per second", "median ms", "p99 ms")
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.database or sqlite_url(Path(folder) / "vivant.db")
        service = Service(url, Path(folder) / "files")
        works = {
            "key check": service.authenticate,
            "key check + hold + job row": service.submit_only,
            "the same + claim + file + settle": service.serve,
        }
        for name, work in works.items():
            for threads in arguments.threads:
                runs = [
                    measure(work, arguments.requests, threads) for _ in range(arguments.repeats + 1)
                ]
                found = medians(runs[1:])
                table.add_row(
                    name,
                    str(threads),
                    f"{found.per_second:.0f}",
                    f"{found.median_ms:.2f}",
                    f"{found.p99_ms:.2f}",
                )
        service.database.close()
    Console().print(table)


if __name__ == "__main__":
    main()
