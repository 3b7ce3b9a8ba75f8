"""A program to be killed: it takes jobs from submission to payment, again and again.

    python busy_server.py DATABASE_URL ACCOUNT_ID

It prints a line for every step that it has taken, so that whoever kills it knows it is at work.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from vivant.base.clock import utc_now
from vivant.ledger.assets import StoredFile
from vivant.ledger.database import Database
from vivant.ledger.job import Idempotency, NewJob, fingerprint
from vivant.ledger.jobs import Jobs

PRICE = 17_000


def main(url: str, account_id: str) -> None:
    database = Database(url)
    jobs = Jobs(database)
    for number in range(1_000_000):
        now = utc_now()
        submitted = jobs.submit(
            NewJob(
                account_id=account_id,
                slug="sd3-med-pose",
                version="v1",
                request={"number": number},
                price=PRICE,
                deadline=now + timedelta(hours=1),
                worker="busy",
                idempotency=Idempotency(f"{number} {now}", fingerprint(b"")),
            )
        )
        request_id = submitted.job.request_id
        print("submitted", request_id, flush=True)  # noqa: T201  # read by the test
        jobs.claim(request_id)
        print("claimed", request_id, flush=True)  # noqa: T201
        picture = StoredFile("image/jpeg", 1, "0" * 64, now + timedelta(days=1))
        jobs.complete(request_id, [picture])
        print("completed", request_id, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
