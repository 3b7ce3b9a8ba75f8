"""Schemathesis over the whole description of the API: no fault, no answer it does not describe."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.shop import Shop

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
"""All but those that take the description for all there is: fields may also come as strings, and
unknown ones are ignored, so that data is accepted which the description does not have."""


def test_nothing_that_is_sent_makes_the_server_fail(shop: Shop) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{shop.url}/openapi.json"),
        *("--header", f"x-api-key: {shop.secret}"),
        *("--phases", "examples,coverage,fuzzing"),
        *("--checks", ",".join(CHECKS)),
        *("--max-examples", "20"),
        *("--request-timeout", "60"),  # a busy machine takes long over the longest captions
        *("--generation-database", "none"),
        *("--seed", "1"),
        *("--workers", "2"),
        "--no-color",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    cases = re.search(r"([\d,]+) generated", done.stdout)
    assert cases, done.stdout[-2000:]
    assert int(cases[1].replace(",", "")) >= 1000
    assert shop.house.ledger.discrepancies() == ()
