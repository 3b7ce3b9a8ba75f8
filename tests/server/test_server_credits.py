"""Credits under many hands at once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.shop import POSE, customer_client, open_shop

CALLERS = 300
PAID = 100


def test_of_300_at_once_exactly_those_are_served_that_can_be_paid(
    tmp_path: Path, database_url: str | None
) -> None:
    with (
        open_shop(tmp_path, side=32, database_url=database_url) as server,
        server.for_another(balance=0.017 * PAID) as shop,
        ThreadPoolExecutor(CALLERS) as pool,
    ):
        together = threading.Barrier(CALLERS)

        def ask(_: int) -> tuple[int, str]:
            with customer_client(shop.url, shop.secret) as client:
                together.wait()
                response = client.post("/v1/sd3-med-pose", json=POSE)
                return response.status_code, response.headers["x-request-id"]

        answers = list(pool.map(ask, range(CALLERS)))
        assert Counter(status for status, _ in answers) == {200: PAID, 406: CALLERS - PAID}
        assert len({request_id for _, request_id in answers}) == CALLERS
        told = shop.client.get("/v1/get-user-credits").json()
        assert told == {"credits": 0.0, "free-credits": 0.0}
        assert shop.balance() == 0
        assert shop.house.ledger.discrepancies() == ()
