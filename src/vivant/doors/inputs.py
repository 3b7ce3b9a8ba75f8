"""What a user at this machine may name as a pose: files too, which no request from outside may."""

from __future__ import annotations

from pathlib import Path

from vivant.base.errors import UnreadablePicture
from vivant.endpoints.sd3_med_pose.endpoint import PRESET

MAX_BYTES = 64_000_000


def read_input(given: object) -> object:
    """Read a file where a path is given; anything else goes on to the endpoint as it is.

    Raises:
        UnreadablePicture: the file is not there, cannot be read or is too large.
    """
    if isinstance(given, str):
        if given.startswith(PRESET) or given.lstrip()[:1] in {"{", "["}:
            return given
        given = Path(given).expanduser()
    if not isinstance(given, Path):
        return given
    try:
        if given.stat().st_size > MAX_BYTES:
            raise UnreadablePicture(f"{given}: larger than {MAX_BYTES // 1_000_000} MB")
        return given.read_bytes()
    except OSError as error:
        raise UnreadablePicture(f"{given}: {error.strerror or 'cannot be read'}") from error
