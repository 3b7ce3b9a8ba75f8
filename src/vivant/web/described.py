"""What the API's description says of bodies, errors and answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from vivant.web.problems import MEANING
from vivant.web.shapes import Problem

PICTURES: Mapping[str, Any] = MappingProxyType(
    {
        f"image/{form}": {"schema": {"type": "string", "format": "binary"}}
        for form in ("jpeg", "png", "webp")
    }
)
"""The picture formats that answers have."""

DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAAB"
    "LbSncAAAAEUlEQVR42mM4YWODFTEMLQkAZZlQAS/gME0AAAAASUVORK5CYII="
)
"""A picture for examples that are sent as they are: a red square."""

_RETRY = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}

_ANSWER_HEADERS = {
    name: {"description": text, "schema": {"type": "string"}}
    for name, text in {
        "x-remaining-credits": "Credits that the account has left",
        "x-cost": "Credits that this request cost",
        "x-request-id": "Names the request",
        "x-generation-time": "Seconds that the picture took",
        "x-seed-value": "The seed that was used",
        "x-output-urls": "A link to each picture, with commas between",
    }.items()
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route may answer with; 500 is among them everywhere."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in (*statuses, 500):
        described[status] = {"model": Problem, "description": MEANING[status]}
        if status in {429, 503}:
            described[status]["headers"] = _RETRY
    return described


_TOLD = {
    "image": "/9j/4AAQSkZJRg...",
    "images": [
        {
            "url": "/assets/asset_019a8f3c60aa0b7c?sig=1764057600.xY3",
            "content_type": "image/jpeg",
            "width": 512,
            "height": 512,
            "seed": 698845,
        }
    ],
    "seed": 698845,
    "inference_time": 2.4,
    "request_id": "req_019a8f3c52d17b0c94e2a6f05d8b3e1f",
    "warnings": [],
}

BODY = (400, 408, 413)
"""What can be wrong with any body."""


def form_body(
    request: Mapping[str, Any],
    picture_fields: Collection[str],
    further: Mapping[str, Any] = MappingProxyType({"properties": {}}),
    *,
    example: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A body in all three forms.

    Args:
        request: JSON Schema of its fields, with at most one example that counts.
        picture_fields: those that are files in a multipart form.
        further: JSON Schema of fields that it may have besides.
        example: its fields in an example, where the schema has none.
    """
    schema = dict(request)
    examples = schema.pop("examples", [example] if example else [])
    fields = {**schema["properties"], **further["properties"]}
    files = {name: {**fields[name], "format": "binary"} for name in picture_fields}
    json_body: dict[str, Any] = {"schema": schema | {"properties": fields}}
    if examples:
        json_body["example"] = examples[0]
    return {
        "required": True,
        "content": {
            "application/json": json_body,
            "multipart/form-data": {"schema": schema | {"properties": fields | files}},
            "application/x-www-form-urlencoded": {"schema": schema | {"properties": fields}},
        },
    }


def pictures_or_json() -> dict[str, Any]:
    """What v1 answers."""
    told = {
        "type": "object",
        "required": ["image", "images", "seed", "inference_time", "request_id"],
        "properties": {
            "image": {"type": "string", "description": "The main picture in base64"},
            "images": {"type": "array", "items": {"type": "object"}},
            "seed": {"type": "integer"},
            "inference_time": {"type": "number"},
            "request_id": {"type": "string"},
            "warnings": {"type": "array", "items": {"type": "string"}},
        },
    }
    return {
        "description": "The picture; JSON where `base64` is true or Accept asks for it",
        "headers": _ANSWER_HEADERS,
        "content": {
            **PICTURES,
            "application/json": {"schema": told, "example": _TOLD},
            "application/zip": PICTURES["image/png"],
        },
    }
