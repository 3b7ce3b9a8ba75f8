"""What a client wants to get, by its Accept header (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from typing import Literal, TypeAlias

Form: TypeAlias = Literal["picture", "json", "zip"]


def wanted(accept: str, picture_type: str) -> Form:
    """The form of answer that a client likes best; a picture unless another is liked better.

    Many clients send "application/json, text/plain, */*" whatever they want: that likes all forms
    alike, so they get the picture.

    Args:
        accept: the header; blank for none.
        picture_type: the MIME type of the picture there is.
    """
    ranges = _ranges(accept or "*/*")
    liking = {
        form: _quality(ranges, media)
        for form, media in (
            ("picture", picture_type),
            ("json", "application/json"),
            ("zip", "application/zip"),
        )
    }
    best: Form = "picture"
    for form in ("json", "zip"):
        if liking[form] > liking[best]:
            best = form
    return best


def _ranges(accept: str) -> dict[str, float]:
    ranges: dict[str, float] = {}
    for entry in accept.split(","):
        media, *parameters = (part.strip().lower() for part in entry.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _number(value)
        ranges[media] = quality
    return ranges


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def _quality(ranges: dict[str, float], media: str) -> float:
    """The most exact range decides."""
    for pattern in (media, f"{media.partition('/')[0]}/*", "*/*"):
        if pattern in ranges:
            return ranges[pattern]
    return 0.0
