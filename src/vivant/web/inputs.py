"""Input pictures as bytes, however they came: URL, base64, data URI, file, or a link of ours."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Collection
from urllib.parse import unquote_to_bytes

from vivant.base.errors import InvalidInput, PictureTooLarge, Unfetchable
from vivant.web.bodies import Fields
from vivant.web.fetch import Fetcher

PRESET = "preset:"

ALLOWED = "a file, a URL, base64 or a data URI"

_SCHEMES = ("http://", "https://")

OwnFile = Callable[[str], bytes | None]
"""Reads a URL that names a stored file of this service; None for any other URL."""


class Inputs:
    """Turns what stands in picture fields into bytes.

    Args:
        fetcher: for URLs.
        max_bytes: of one picture.
    """

    def __init__(self, fetcher: Fetcher, max_bytes: int) -> None:
        self._fetcher = fetcher
        self._max_bytes = max_bytes

    def fetched(self, fields: Fields, names: Collection[str], own_file: OwnFile) -> Fields:
        """A request's fields with what its URLs name in their place; blocks its thread.

        Args:
            fields: of a request.
            names: those that hold pictures.
            own_file: reads links to stored files.

        Raises:
            Unfetchable: a URL cannot be followed.
            PictureTooLarge: there is too much at it.
        """
        urls = {name: str(fields[name]).strip() for name in names if is_url(fields.get(name))}
        return {**fields, **{name: self._fetch(name, url, own_file) for name, url in urls.items()}}

    def read(self, fields: Fields, names: Collection[str]) -> Fields:
        """A request's fields with its pictures as bytes.

        Args:
            fields: of a request, whose URLs have been fetched.
            names: those that hold pictures; blanks are left alone, and so are names of poses that
                ship ("preset:waving").

        Raises:
            InvalidInput: a value is nothing that can be a picture.
            PictureTooLarge: it has too many bytes.
        """
        given = [name for name in names if not _is_left_open(fields.get(name))]
        return {**fields, **{name: self._picture(name, fields[name]) for name in given}}

    def _picture(self, name: str, value: object) -> bytes:
        if isinstance(value, bytes):
            data = value
        elif isinstance(value, str):
            data = _from_text(name, value.strip())
        elif isinstance(value, dict | list):
            data = json.dumps(value).encode()  # OpenPose JSON inside a JSON body
        else:
            raise InvalidInput(name, value, ALLOWED)
        if len(data) > self._max_bytes:
            raise PictureTooLarge(f"{name}: {len(data)} bytes; expected at most {self._max_bytes}")
        return data

    def _fetch(self, name: str, url: str, own_file: OwnFile) -> bytes:
        try:
            own = own_file(url)
            return self._fetcher.fetch(url) if own is None else own
        except (Unfetchable, PictureTooLarge) as error:
            raise type(error)(f"{name}: {url:.200} cannot be fetched: {error}") from error


def names_urls(fields: Fields, names: Collection[str]) -> bool:
    """Whether any of the fields that hold pictures is to be fetched."""
    return any(is_url(fields.get(name)) for name in names)


def is_url(value: object) -> bool:
    """Whether a field's value is to be fetched."""
    return isinstance(value, str) and value.lstrip()[:8].lower().startswith(_SCHEMES)


def _from_text(name: str, text: str) -> bytes:
    if text[:5].lower() == "data:":
        return from_data_uri(name, text)
    if text.startswith(("{", "[")):
        return text.encode(errors="replace")
    return _from_base64(name, text)


def from_data_uri(name: str, uri: str) -> bytes:
    """The bytes inside a data URI (RFC 2397).

    Raises:
        InvalidInput: it is none, or its base64 is broken.
    """
    head, comma, content = uri.partition(",")
    if not comma or head[:5].lower() != "data:":
        raise InvalidInput(name, uri, "a data URI: data:image/png;base64,...")
    if head.lower().endswith(";base64"):
        return _from_base64(name, content)
    return unquote_to_bytes(content)


def _from_base64(name: str, text: str) -> bytes:
    # Forms turn an unescaped plus into a blank; line ends come from tools that fold lines.
    folded = text.replace(" ", "+").replace("-", "+").replace("_", "/")
    joined = folded.translate({ord(end): None for end in "\r\n\t"}).rstrip("=")
    padded = joined + "=" * (-len(joined) % 4)
    try:
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(name, text, ALLOWED) from error


def _is_left_open(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip() or value.startswith(PRESET)
    return value is None or value == b""
