"""Books as files that readers of comics expect: PDF, and CBZ, a zip of numbered pictures.

Both hold fixed dates, so that the same pages give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from PIL import Image

from vivant.comic.breaking import clean

PAGE_INCHES = 6.625
"""Width of a PDF's first page: that of an American comic book."""

PDF_QUALITY = 95
"""Of the pages as JPEG, colour at full resolution: letters stay crisp, files a tenth of PNG's."""

MOST_PICTURES = 999
"""What three digits number; names sort in reading order."""

EPOCH = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)
"""The earliest date that a zip file can tell."""

UNIX = 3
"""The host system that a zip entry names, whichever it is made on (APPNOTE 4.4.2)."""


@dataclass(frozen=True)
class BookInfo:
    """What a book says of itself; empty fields are left out.

    Attributes:
        title: its name.
        summary: what it tells.
        notes: how it was made.
        language: code such as "en" (ISO 639-1).
    """

    title: str = ""
    summary: str = ""
    notes: str = ""
    language: str = ""


def write_pdf(pages: Sequence[Image.Image], info: BookInfo | None = None) -> bytes:
    """A PDF with one page for each picture, as wide as a printed comic.

    Args:
        pages: in reading order, RGB, 1 to 999.
        info: what the book says of itself.

    Raises:
        ValueError: there are no pages, or more than that.
    """
    _check_count(len(pages))
    info = info or BookInfo()
    first, *others = (page.convert("RGB") for page in pages)
    buffer = io.BytesIO()
    first.save(
        buffer,
        "PDF",
        save_all=True,
        append_images=others,
        resolution=first.width / PAGE_INCHES,
        quality=PDF_QUALITY,
        subsampling="4:4:4",
        title=clean(info.title),
        subject=clean(info.summary),
        producer="Vivant",
        creationDate=EPOCH.timetuple(),
        modDate=EPOCH.timetuple(),
    )
    return buffer.getvalue()


def write_cbz(pictures: Sequence[bytes], ending: str, info: BookInfo | None = None) -> bytes:
    """A comic book archive: numbered pictures, and ComicInfo.xml for what readers show of it.

    Args:
        pictures: the pages' files, in reading order, 1 to 999.
        ending: of their names, such as "webp".
        info: what the book says of itself.

    Raises:
        ValueError: there are no pictures, or more than that.
    """
    _check_count(len(pictures))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for number, picture in enumerate(pictures, start=1):
            archive.writestr(_entry(f"page-{number:03d}.{ending}"), picture)
        archive.writestr(_entry("ComicInfo.xml"), _comic_info(pictures, info or BookInfo()))
    return buffer.getvalue()


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST_PICTURES:
        raise ValueError(f"a book has 1 to {MOST_PICTURES} pages, not {count}")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
    entry.create_system = UNIX
    entry.external_attr = 0o644 << 16
    return entry


def _comic_info(pictures: Sequence[bytes], info: BookInfo) -> bytes:
    """ComicInfo.xml, version 2.0 of its schema (https://anansi-project.github.io), in its order."""
    root = ET.Element("ComicInfo")
    for name, text in (
        ("Title", info.title),
        ("Summary", info.summary),
        ("Notes", info.notes),
        ("PageCount", str(len(pictures))),
        ("LanguageISO", info.language),
    ):
        if shown := clean(text):
            ET.SubElement(root, name).text = shown
    pages = ET.SubElement(root, "Pages")
    for place, picture in enumerate(pictures):
        width, height = Image.open(io.BytesIO(picture)).size
        page = ET.SubElement(pages, "Page", Image=str(place), ImageSize=str(len(picture)))
        page.set("ImageWidth", str(width))
        page.set("ImageHeight", str(height))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
