"""The story page's own JavaScript under Node, with axios and form-data."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.shop import Shop

FOLDER = Path(__file__).parent / "node"


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    node = shutil.which("node")
    assert node, "the test needs Node.js: install Debian's packages nodejs and npm"
    assert (FOLDER / "node_modules/axios").is_dir(), "run `npm ci --prefix tests/server/node` first"
    command = [node, str(FOLDER / "story.js"), *arguments]
    return subprocess.run(command, capture_output=True, timeout=120, check=True)  # noqa: S603


def test_the_pages_code_prints_the_picture(shop: Shop) -> None:
    done = run(f"{shop.url}/v1/storydiffusion", shop.secret)
    assert done.stderr == b""
    assert done.stdout.startswith(b"RIFF")
    assert b"WEBP" in done.stdout[:24]
    assert shop.spent() == 166_000


def test_the_pages_code_prints_our_error(shop: Shop) -> None:
    done = run(f"{shop.url}/v1/storydiffusion", "vivant_wrong")
    assert b"Error: { error: 'the API key is unknown' }" in done.stderr
