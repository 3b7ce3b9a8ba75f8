"""How long a pose request takes while a long story is under way.

    python bench/beside.py [--requests 5] [--num-steps 50]

A whole server but for HTTP, with the embedded models. First pose requests come alone, each when the
one before is done; then the same ones, while another account's story of 8 panels runs all the time.
`wait` is from submission to the first step, which a request alone has none of.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Plain
from vivant.base.credits import MICRO
from vivant.base.settings import Settings
from vivant.doors.wiring import House, open_house
from vivant.ledger.keys import Caller
from vivant.service.views import JobView

POSE: Mapping[str, object] = {
    "prompt": "a girl in a red dress, in the park",
    "image": "preset:waving",
}


@dataclass(frozen=True)
class Took:
    """Medians of some requests, in seconds.

    Attributes:
        wait: from submission to the first step.
        whole: from submission to the stored picture.
    """

    wait: float
    whole: float


def customer(house: House, name: str) -> Caller:
    """Somebody who can pay for everything."""
    account = house.accounts.create(name)
    house.ledger.topup(account.id, 1000 * MICRO)
    return house.service.authenticate(house.keys.create(account.id, name).secret)


def ask(house: House, caller: Caller, slug: str, fields: Mapping[str, object]) -> str:
    """Submit a request; returns its id."""
    return house.service.submit(caller, slug, fields).view.request_id


def one_by_one(house: House, caller: Caller, requests: int) -> Took:
    """Time pose requests, each of which comes when the one before is done."""
    waits, wholes = [], []
    for seed in range(requests):
        began = time.perf_counter()
        view = house.service.wait(ask(house, caller, "sd3-med-pose", {**POSE, "seed": seed}))
        wholes.append(time.perf_counter() - began)
        waits.append(view.queue_seconds or 0.0)
    return Took(statistics.median(waits), statistics.median(wholes))


def measure(house: House, requests: int, num_steps: int) -> tuple[Took, Took, JobView]:
    """Requests alone, requests beside a story, and the story as it stood after them."""
    artist, teller = customer(house, "artist"), customer(house, "teller")
    one_by_one(house, artist, 1)
    alone = one_by_one(house, artist, requests)
    story = ask(house, teller, "storydiffusion", {"num_steps": num_steps})
    while house.service.job(teller, story).step < 1:
        time.sleep(0.05)
    beside = one_by_one(house, artist, requests)
    left = house.service.job(teller, story)
    house.service.cancel(teller, story)
    return alone, beside, left


def main() -> None:
    """Start the server, measure, stop it, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Plain)
    parser.add_argument("--requests", type=int, default=5, help="pose requests, each time")
    parser.add_argument("--num-steps", type=int, default=50, help="of the story")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Settings(_env_file=None, data=Path(folder)))
        house.service.start()
        try:
            while not house.service.readiness().ready:
                time.sleep(0.2)
            alone, beside, left = measure(house, options.requests, options.num_steps)
        finally:
            house.service.stop()
            house.close()
    if left.ended:
        raise SystemExit("the story was done before the pictures were: take more steps")
    print(f"{'':28}{'wait s':>9}{'whole s':>9}")
    print(f"{'alone':28}{alone.wait:9.2f}{alone.whole:9.2f}")
    print(f"{'beside a story':28}{beside.wait:9.2f}{beside.whole:9.2f}")
    print(f"the wait is {beside.wait / alone.whole:.2f} times a request's own time (bar: 1.5)")
    print(f"the story stood at step {left.step} of {left.total}")


if __name__ == "__main__":
    main()
