"""Where the command line puts pictures, and what it says of them."""

from __future__ import annotations

import base64
from pathlib import Path

from vivant.base.errors import InvalidInput
from vivant.output.encode import format_of
from vivant.service.files import PictureFile


def is_folder(output: str | None) -> bool:
    """Whether an output names a folder: none does (the present one), or it ends in a slash."""
    return output is None or output.endswith("/") or Path(output).is_dir()


def agree(output: str | None, output_format: str | None) -> str | None:
    """The format asked for by name or by the file's ending; both must say the same.

    Raises:
        InvalidInput: they do not, or the ending is no picture's.
    """
    if output is None or is_folder(output):
        return output_format
    ending = format_of(Path(output))
    if output_format in {"jpg", "jpeg", "png", "webp"} and output_format[:2] != ending[:2]:
        raise InvalidInput("output_format", output_format, f"{ending}, as in {output}")
    return output_format or ending


def numbered(path: Path, count: int) -> list[Path]:
    """One path for each of `count` pictures; from two on the names carry numbers."""
    if count == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{place}") for place in range(1, count + 1)]


def make_folder(folder: Path) -> None:
    """Make a folder for what is to come.

    Raises:
        InvalidInput: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        allowed = f"a place that can be written ({error.strerror})"
        raise InvalidInput("output", str(folder), allowed) from error


def entry(file: PictureFile, path: Path, *, with_bytes: bool) -> dict[str, object]:
    """A picture in a JSON report."""
    told: dict[str, object] = {
        "path": str(path),
        "width": file.image.width,
        "height": file.image.height,
        "seed": file.seed,
    }
    if with_bytes:
        told["base64"] = base64.b64encode(path.read_bytes()).decode()
    return told
