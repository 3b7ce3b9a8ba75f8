"""Write pictures as PNG, JPEG or WebP that carry how they were made, and read that back.

Settings are JSON: in PNG in a `parameters` text chunk, where picture browsers look; in JPEG and
WebP in the Exif user comment. All three carry XMP that says the picture was made by a trained
model (IPTC digital source type, https://cv.iptc.org/newscodes/digitalsourcetype/).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from vivant.base.errors import InvalidInput, UnreadablePicture
from vivant.base.version import __version__

Format = Literal["png", "jpg", "webp"]

SOFTWARE = f"Vivant {__version__}"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

_UNICODE = b"UNICODE\x00"
"""Marks the character set of an Exif user comment (Exif 2.32, table 9)."""

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    f'xmp:CreatorTool="{SOFTWARE}" Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/>'
    "</rdf:RDF></x:xmpmeta>"
)


def content_type(output_format: Format) -> str:
    """The MIME type of a format."""
    return "image/jpeg" if output_format == "jpg" else f"image/{output_format}"


def format_of(path: Path) -> Format:
    """The format that a file name asks for.

    Raises:
        InvalidInput: its ending is none of png, jpg, jpeg, webp.
    """
    ending = path.suffix.lower().removeprefix(".").replace("jpeg", "jpg")
    for known in get_args(Format):
        if ending == known:
            return known  # type: ignore[no-any-return]  # get_args is untyped
    raise InvalidInput("output", path.name, "a name that ends in .png, .jpg, .jpeg or .webp")


def encode(
    image: Image.Image,
    output_format: Format,
    *,
    quality: int = 95,
    settings: Mapping[str, object] | None = None,
) -> bytes:
    """Encode a picture.

    Args:
        image: RGB.
        output_format: "png" is exact; "jpg" and "webp" are not.
        quality: 0 to 100, best, for JPEG and WebP.
        settings: how it was made, JSON-serialisable; same settings, same bytes.
    """
    text = json.dumps(dict(settings or {}), ensure_ascii=False)
    buffer = io.BytesIO()
    if output_format == "png":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("parameters", text)
        chunks.add_text("Software", SOFTWARE)
        chunks.add_itxt("XML:com.adobe.xmp", _XMP)
        image.save(buffer, "PNG", pnginfo=chunks)
        return buffer.getvalue()
    exif = _exif(text)
    xmp = _XMP.encode()
    if output_format == "webp":
        image.save(buffer, "WEBP", quality=quality, method=4, exif=exif, xmp=xmp)
    else:
        # Colour at half resolution blurs red edges; in good quality the few bytes are well spent.
        sampling = "4:4:4" if quality >= 75 else "4:2:0"
        # Huffman tables of its own would spare 2 to 7 % of a file and take as long as all the rest.
        image.save(buffer, "JPEG", quality=quality, subsampling=sampling, exif=exif, xmp=xmp)
    return buffer.getvalue()


def read_settings(source: Path | bytes) -> dict[str, object]:
    """Read back the settings that a picture carries; empty where it carries none.

    Raises:
        UnreadablePicture: this is no picture file.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            text = image.info.get("parameters") or _comment(image.getexif())
    except (OSError, UnidentifiedImageError) as error:
        name = "the bytes given" if isinstance(source, bytes) else str(source)
        raise UnreadablePicture(f"{name}: not a picture that can be read") from error
    try:
        content = json.loads(text)
    except ValueError:
        return {}  # another program's parameters
    return content if isinstance(content, dict) else {}


def _exif(text: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = SOFTWARE
    # Big-endian, as the Exif block itself is written by Pillow; readers go by that.
    comment = _UNICODE + text.encode("utf-16-be")
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.UserComment: comment}
    exif.endian = ">"
    return exif.tobytes()


def _comment(exif: Image.Exif) -> str:
    comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, b"")
    if not isinstance(comment, bytes) or not comment.startswith(_UNICODE):
        return ""
    order = "utf-16-le" if exif.endian == "<" else "utf-16-be"
    return comment.removeprefix(_UNICODE).decode(order, errors="replace")
