"""A finished story: its panels, its pages, and the files it is written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from vivant.base.errors import InvalidInput
from vivant.comic.export import write_cbz, write_pdf
from vivant.output.encode import format_of
from vivant.pose.inputs import open_picture
from vivant.service.files import PictureFile

BOOKS = (".pdf", ".cbz")
"""Endings of files that hold all pages."""


@dataclass(frozen=True)
class Story:
    """What a story request made.

    Attributes:
        panels: in the script's order.
        pages: in reading order.
    """

    panels: tuple[PictureFile, ...]
    pages: tuple[PictureFile, ...]

    @classmethod
    def of(cls, files: Sequence[PictureFile]) -> Story:
        """The story that a request's pictures make."""
        return cls(
            panels=tuple(file for file in files if file.picture.kind == "panel"),
            pages=tuple(file for file in files if file.picture.kind == "page"),
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know, each once."""
        told = [text for file in (*self.panels, *self.pages) for text in file.picture.warnings]
        return tuple(dict.fromkeys(told))

    def save(self, path: str | Path) -> list[Path]:
        """Write the pages: one .pdf or .cbz, or a picture each, numbered from two on.

        Raises:
            InvalidInput: the name ends in no known format.
            OSError: a file cannot be written.
        """
        return save_pages(self.pages, Path(path))

    def save_panels(self, folder: str | Path) -> list[Path]:
        """Write each panel into a folder as panel-01, panel-02 and so on."""
        return [file.save(panel_path(Path(folder), file)) for file in self.panels]


def read_panels(folder: Path, count: int) -> list[Image.Image]:
    """The panels that `Story.save_panels` wrote, in order.

    Raises:
        InvalidInput: one is missing.
        UnreadablePicture: one is no picture.
    """
    images = []
    for number in range(1, count + 1):
        found = sorted(folder.glob(f"panel-{number:02d}.*"))
        if not found:
            allowed = f"a folder with this story's {count} panels; panel-{number:02d} is missing"
            raise InvalidInput("panels", str(folder), allowed)
        images.append(open_picture(found[-1].read_bytes()))
    return images


def panel_path(folder: Path, file: PictureFile) -> Path:
    """Where a panel goes in a folder of panels."""
    return folder / f"panel-{file.picture.index + 1:02d}.{file.format}"


def save_pages(pages: Sequence[PictureFile], path: Path) -> list[Path]:
    """Write pages as `Story.save` does; returns the files."""
    if path.suffix.lower() in BOOKS:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(book(pages, path.suffix.lower()))
        return [path]
    format_of(path)
    return [
        file.save(place) for file, place in zip(pages, page_paths(path, len(pages)), strict=True)
    ]


def page_paths(path: Path, count: int) -> list[Path]:
    """One path for each page; from two on the names carry numbers."""
    if count == 1 or path.suffix.lower() in BOOKS:
        return [path]
    return [path.with_stem(f"{path.stem}-{place}") for place in range(1, count + 1)]


def book(pages: Sequence[PictureFile], ending: str) -> bytes:
    """All pages in one file, ".pdf" or ".cbz"."""
    if ending == ".pdf":
        return write_pdf([page.image for page in pages])
    return write_cbz([page.encode() for page in pages], pages[0].format)


def check_output(path: Path) -> None:
    """See whether a story can be written under that name.

    Raises:
        InvalidInput: it ends in no known format.
    """
    if path.suffix.lower() not in {".png", ".jpg", ".jpeg", ".webp", *BOOKS}:
        allowed = "a name that ends in .webp, .jpg, .png, .pdf or .cbz"
        raise InvalidInput("output", path.name, allowed)
