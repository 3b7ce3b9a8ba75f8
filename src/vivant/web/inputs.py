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

    def read(self, fields: Fields, picture_fields: Collection[str], own_file: OwnFile) -> Fields:
        """A request's fields with its pictures as bytes; blocks its thread for URLs.

        Args:
            fields: of a request.
            picture_fields: the names of those that hold pictures; blanks are left alone, and so are
                names of poses that ship ("preset:waving").
            own_file: reads links to stored files.

        Raises:
            InvalidInput: a value is nothing that can be a picture.
            PictureTooLarge: it has too many bytes.
            Unfetchable: its URL cannot be followed.
        """
        pictures = {
            name: self._picture(name, fields[name], own_file)
            for name in picture_fields
            if not _is_left_open(fields.get(name))
        }
        return {**fields, **pictures}

    def _picture(self, name: str, value: object, own_file: OwnFile) -> bytes:
        if isinstance(value, bytes):
            data = value
        elif isinstance(value, str):
            data = self._from_text(name, value.strip(), own_file)
        elif isinstance(value, dict | list):
            data = json.dumps(value).encode()  # OpenPose JSON inside a JSON body
        else:
            raise InvalidInput(name, value, ALLOWED)
        if len(data) > self._max_bytes:
            raise PictureTooLarge(f"{name}: {len(data)} bytes; expected at most {self._max_bytes}")
        return data

    def _from_text(self, name: str, text: str, own_file: OwnFile) -> bytes:
        start = text[:8].lower()
        if start.startswith(("http://", "https://")):
            return self._from_url(name, text, own_file)
        if start.startswith("data:"):
            return from_data_uri(name, text)
        if start.startswith(("{", "[")):
            return text.encode(errors="replace")
        return _from_base64(name, text)

    def _from_url(self, name: str, url: str, own_file: OwnFile) -> bytes:
        own = own_file(url)
        if own is not None:
            return own
        try:
            return self._fetcher.fetch(url)
        except (Unfetchable, PictureTooLarge) as error:
            raise type(error)(f"{name}: {url:.200} cannot be fetched: {error}") from error


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
