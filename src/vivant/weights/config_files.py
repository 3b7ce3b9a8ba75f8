"""Read the small JSON files of a model folder into dataclasses, every value checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from vivant.base.errors import WeightsCorrupt

Stated = TypeVar("Stated")


def read_object(path: Path) -> dict[str, object]:
    """Read a file that must hold one JSON object.

    Raises:
        WeightsCorrupt: it does not.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WeightsCorrupt(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise WeightsCorrupt(f"{path} must hold a JSON object")
    return content


def field_names(kind: Any) -> tuple[str, ...]:
    """Names of a dataclass's fields."""
    return tuple(field.name for field in fields(kind))


def build(kind: type[Stated], content: Mapping[str, object], path: Path) -> Stated:
    """Build a dataclass from what a file states; its annotations say what may stand there.

    Args:
        kind: the dataclass; limits are given as `Annotated` pydantic fields.
        content: values by field name; what is left out takes the field's default.
        path: the file, for messages.

    Raises:
        WeightsCorrupt: an unknown name, or a value of the wrong type or out of range.
    """
    known = field_names(kind)
    for name in content:
        if name not in known:
            raise WeightsCorrupt(f"{path}: unknown name {name!r}; known: {', '.join(known)}")
    try:
        return TypeAdapter(kind).validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise WeightsCorrupt(f"{path}: {place}: {first['msg']}") from error
