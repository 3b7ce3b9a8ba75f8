"""Books as files that readers of comics expect: PDF, and CBZ, a zip of numbered pictures.

Both hold fixed dates, so that the same pages give the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import img2pdf
from PIL import Image

PIXELS_PER_INCH = 150.0
"""Of a PDF: two panels of 768 pixels beside each other are then a sheet of paper wide."""

EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
"""The earliest date that a zip file can tell."""


def write_pdf(pages: Sequence[Image.Image]) -> bytes:
    """A PDF with one picture a page, without loss.

    Args:
        pages: in reading order.
    """
    files = []
    for page in pages:
        buffer = io.BytesIO()
        page.convert("RGB").save(buffer, "PNG", dpi=(PIXELS_PER_INCH, PIXELS_PER_INCH))
        files.append(buffer.getvalue())
    written = img2pdf.convert(
        files,
        engine=img2pdf.Engine.internal,
        producer="Vivant",
        creationdate=EPOCH,
        moddate=EPOCH,
    )
    return bytes(written)


def write_cbz(pictures: Sequence[bytes], ending: str) -> bytes:
    """A comic book archive: numbered pictures and what readers want to know about them.

    Args:
        pictures: the pages' files, in reading order.
        ending: of their names, such as "webp".
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for number, picture in enumerate(pictures, start=1):
            archive.writestr(_entry(f"page-{number:02d}.{ending}"), picture)
        archive.writestr(_entry("ComicInfo.xml"), _comic_info(len(pictures)))
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, EPOCH.timetuple()[:6])


def _comic_info(pages: int) -> bytes:
    root = ET.Element("ComicInfo")
    ET.SubElement(root, "PageCount").text = str(pages)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)
