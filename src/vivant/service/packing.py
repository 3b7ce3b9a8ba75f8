"""Requests as JSON with their pictures beside them, so that they can be run after a restart."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from vivant.base.requests import EndpointRequest
from vivant.ledger.assets import StoredFile

if TYPE_CHECKING:
    from vivant.service.catalog import Endpoint

ASSET = "asset"
"""Stands for a picture in a packed request: {"asset": ID}."""

UNKNOWN = "application/octet-stream"


def as_bytes(endpoint: Endpoint, fields: Mapping[str, object]) -> dict[str, object]:
    """A request's fields with parsed JSON in picture fields back as bytes, which can be kept."""
    fields = dict(fields)
    for name in endpoint.PICTURE_FIELDS:
        if isinstance(fields.get(name), list | dict):
            fields[name] = json.dumps(fields[name]).encode()
    return fields


def pack(
    endpoint: Endpoint,
    request: EndpointRequest,
    keep: Callable[[bytes, str], StoredFile],
) -> tuple[dict[str, object], tuple[StoredFile, ...]]:
    """A request's fields as JSON, and the files that its pictures were kept as.

    Args:
        endpoint: the request's.
        request: checked.
        keep: stores bytes of a MIME type.
    """
    fields = request.model_dump(mode="json", exclude=set(endpoint.PICTURE_FIELDS))
    files = []
    for name in endpoint.PICTURE_FIELDS:
        given = getattr(request, name)
        if isinstance(given, bytes):
            files.append(keep(given, content_type_of(given)))
            fields[name] = {ASSET: files[-1].id}
        elif given is not None:
            fields[name] = given
    return fields, tuple(files)


def unpack(
    endpoint: Endpoint, fields: Mapping[str, object], read: Callable[[str], bytes]
) -> dict[str, object]:
    """A packed request's fields with the pictures' bytes in them.

    Raises:
        NoSuchAsset: a picture is not kept any more.
    """
    unpacked = dict(fields)
    for name in endpoint.PICTURE_FIELDS:
        match fields.get(name):
            case {"asset": str(asset_id)}:
                unpacked[name] = read(asset_id)
    return unpacked


def content_type_of(data: bytes) -> str:
    """The MIME type of a picture or of JSON, by its content; nothing is decoded."""
    if data.lstrip()[:1] in {b"{", b"["}:
        return "application/json"
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.get_format_mimetype() or UNKNOWN
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError):
        return UNKNOWN
