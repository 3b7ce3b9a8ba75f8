from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree as ET

import pytest
from PIL import Image, PdfParser

from vivant.comic.export import BookInfo, write_cbz, write_pdf

PAGES = [Image.new("RGB", (120, 160 + 10 * number), (90 * number, 80, 160)) for number in range(2)]
INFO = BookInfo(title="Gold & <tigers>\x00", summary="Ein Wald\x0b", notes="drawn", language="de")


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP")
    return buffer.getvalue()


def test_a_pdf_has_every_page_as_wide_as_a_printed_comic() -> None:
    pdf = PdfParser.PdfParser(buf=write_pdf(PAGES, INFO))
    assert len(pdf.pages) == 2
    for reference, image in zip(pdf.pages, PAGES, strict=True):
        page = pdf.read_indirect(reference)
        _, _, width, height = page[b"MediaBox"]
        assert width == pytest.approx(6.625 * 72)
        assert height / width == pytest.approx(image.height / image.width)
        stream = pdf.read_indirect(page[b"Resources"][b"XObject"][b"image"])
        shown = Image.open(io.BytesIO(stream.buf))
        assert shown.size == image.size
        assert shown.getpixel((60, 80)) == pytest.approx(image.getpixel((60, 80)), abs=3)
    assert pdf.info[b"Title"].decode("utf-16") == "Gold & <tigers>"
    assert pdf.info[b"CreationDate"] == b"D:19800101000000Z"


def test_the_same_pages_give_the_same_files() -> None:
    pictures = [encoded(page) for page in PAGES]
    assert write_pdf(PAGES, INFO) == write_pdf(PAGES, INFO)
    assert write_cbz(pictures, "webp", INFO) == write_cbz(pictures, "webp", INFO)


def test_a_cbz_has_numbered_pictures_unchanged_and_tells_what_it_is() -> None:
    pictures = [encoded(page) for page in PAGES]
    with zipfile.ZipFile(io.BytesIO(write_cbz(pictures, "webp", INFO))) as archive:
        assert archive.namelist() == ["page-001.webp", "page-002.webp", "ComicInfo.xml"]
        assert [archive.read(name) for name in archive.namelist()[:2]] == pictures
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        root = ET.fromstring(archive.read("ComicInfo.xml"))  # noqa: S314 - our own
    assert [child.tag for child in root] == [
        "Title",
        "Summary",
        "Notes",
        "PageCount",
        "LanguageISO",
        "Pages",
    ]
    assert root.findtext("Title") == "Gold & <tigers>"
    assert root.findtext("PageCount") == "2"
    assert [page.attrib for page in root.iter("Page")] == [
        {
            "Image": str(place),
            "ImageSize": str(len(picture)),
            "ImageWidth": "120",
            "ImageHeight": str(160 + 10 * place),
        }
        for place, picture in enumerate(pictures)
    ]


def test_a_cbz_that_says_nothing_of_itself() -> None:
    with zipfile.ZipFile(io.BytesIO(write_cbz([encoded(PAGES[0])], "webp"))) as archive:
        root = ET.fromstring(archive.read("ComicInfo.xml"))  # noqa: S314 - our own
    assert [child.tag for child in root] == ["PageCount", "Pages"]


def test_empty_and_endless_books_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 999 pages, not 0"):
        write_pdf([])
    with pytest.raises(ValueError, match="not 1000"):
        write_cbz([b""] * 1000, "webp")
