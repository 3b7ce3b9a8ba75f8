"""One server of a name at a time, since it takes up what a server of its name left behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vivant.base.errors import InvalidInput


@contextmanager
def only_one(folder: Path, worker: str) -> Iterator[None]:
    """Hold a data folder for one server; the system lets go of it however the server ends.

    Raises:
        InvalidInput: another one holds it.
    """
    with (folder / f"{worker}.lock").open("w") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415  # not everywhere

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                allowed = f"a name that no running server on {folder} has, or another data folder"
                raise InvalidInput("worker", worker, allowed) from error
        yield
