"""From finished panels to pages and books, as often as captions, order and layout change."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias

from PIL import Image
from pydantic import Field, WithJsonSchema

from vivant.base.errors import InvalidInput
from vivant.base.requests import MAX_SEED, EndpointRequest
from vivant.comic.export import write_cbz, write_pdf
from vivant.comic.page import Book, compose
from vivant.comic.script import MAX_PANELS, parse_script
from vivant.endpoints.storydiffusion.request import MAX_TEXT, ComicStyle
from vivant.output.encode import Format, encode
from vivant.pose.inputs import open_picture

PageFormat: TypeAlias = Literal["webp", "jpg", "png", "pdf", "cbz", "zip"]

MOST_PIXELS = 2048 * 2048
"""Of one panel; what endpoints draw has a quarter of it at most."""

BOOK_QUALITY = 92
"""Of a book's pages as JPEG: letters stay crisp."""

BOOK_TYPES = MappingProxyType(
    {
        "pdf": "application/pdf",
        "cbz": "application/vnd.comicbook+zip",
        "zip": "application/zip",
    }
)
"""MIME types of the formats that are one file."""


class Binding(EndpointRequest):
    """Panels that are to be laid out."""

    must_say = frozenset({"panels", "comic_description"})
    in_words = MappingProxyType({"panels": "a list of pictures, one for each line of the script"})

    panels: Annotated[
        Any,
        WithJsonSchema(
            {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "maxItems": MAX_PANELS,
                "description": "The panels in order: URLs, base64 or data URIs",
            }
        ),
    ]
    comic_description: str = Field(
        min_length=1, max_length=MAX_TEXT, description="The script, for its captions"
    )
    comic_style: ComicStyle = Field(
        default="Classic Comic Style", description="Layout of the pages"
    )
    seed: int = Field(default=42, ge=0, le=MAX_SEED, description="Chooses among layouts")
    output_format: PageFormat = Field(
        default="webp",
        description="webp, jpg and png: JSON with a picture a page; pdf and cbz: the whole book; "
        "zip: the panels, numbered",
    )
    output_quality: int = Field(
        default=80, ge=0, le=100, description="Quality of JPEG and WebP; 100 is best"
    )


def lay_out(binding: Binding, files: Sequence[bytes]) -> Book:
    """The pages of a story.

    Args:
        binding: how.
        files: the panels, in order.

    Raises:
        InvalidInput: the script has another number of panels, or is none.
        UnreadablePicture: a panel is no picture, or too large.
    """
    captions = [panel.caption for panel in parse_script(binding.comic_description)]
    if len(captions) != len(files):
        allowed = f"{len(captions)} pictures, one for each line of comic_description"
        raise InvalidInput("panels", f"{len(files)} pictures", allowed)
    images = [open_picture(file, max_pixels=MOST_PIXELS) for file in files]
    return compose(images, captions, binding.comic_style, seed=binding.seed)


def bound(binding: Binding, files: Sequence[bytes]) -> bytes:
    """One file of a format of `BOOK_TYPES`; raises what `lay_out` does."""
    if binding.output_format == "zip":
        return _numbered(files)
    pages = lay_out(binding, files).pages
    if binding.output_format == "pdf":
        return write_pdf(pages)
    form: Format = "jpg"  # every reader of comics shows it
    return write_cbz([encode(page, form, quality=BOOK_QUALITY) for page in pages], form)


def _numbered(files: Sequence[bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for number, file in enumerate(files, start=1):
            with Image.open(io.BytesIO(file)) as image:
                ending = (image.format or "bin").lower().replace("jpeg", "jpg")
            archive.writestr(f"panel-{number:02d}.{ending}", file)
    return buffer.getvalue()
