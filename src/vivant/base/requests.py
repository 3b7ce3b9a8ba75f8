"""What the requests of all endpoints have in common: how fields are read, and how refused."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from vivant.base.errors import InvalidInput

MAX_SEED = 2**63 - 2**10
"""Leaves room for the seeds of all pictures of one request below 2^63, where databases end."""
OutputFormat = Literal["jpg", "png", "webp"]


class EndpointRequest(BaseModel):
    """A request whose fields may all come as strings, as forms send them.

    Blank and null fields take their defaults; a blank seed chooses one. Fields that are not listed
    are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    wishes: ClassVar[frozenset[str]] = frozenset()
    """Text fields in which an empty text is a wish and not the lack of one."""

    must_say: ClassVar[frozenset[str]] = frozenset()
    """Fields without a default, in which a blank is an error."""

    in_words: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What fields accept, where their schema cannot tell."""

    @model_validator(mode="before")
    @classmethod
    def _blank_means_default(cls, fields: object) -> object:
        if not isinstance(fields, Mapping):
            return fields
        kept = {name: value for name, value in fields.items() if not cls._is_blank(name, value)}
        if "seed" in fields and "seed" not in kept:
            kept["seed"] = -1
        return kept

    @field_validator("seed", mode="before", check_fields=False)
    @classmethod
    def _choose_seed(cls, value: object) -> object:
        return secrets.randbelow(2**32) if str(value).strip() == "-1" else value

    @field_validator("output_format", mode="before", check_fields=False)
    @classmethod
    def _jpeg_is_jpg(cls, value: object) -> object:
        return "jpg" if value == "jpeg" else value

    @classmethod
    def from_fields(cls, fields: Mapping[str, object]) -> Self:
        """Check a request's fields.

        Raises:
            InvalidInput: the first field that is missing, of the wrong type, out of range or not an
                allowed value, with what is allowed.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = str(first["loc"][0])
            given = fields.get(name)
            raise InvalidInput(name, "" if given is None else given, cls.allowed(name)) from error

    @classmethod
    def allowed(cls, name: str) -> str:
        """Say in words what a field accepts, from the request's own schema."""
        if name in cls.in_words:
            return cls.in_words[name]
        schema = cls.model_json_schema()["properties"][name]
        choices = schema.get("anyOf", [schema])
        main: dict[str, Any] = next(choice for choice in choices if choice.get("type") != "null")
        if "enum" in main:
            return f"one of: {', '.join(map(str, main['enum']))}"
        if main["type"] == "boolean":
            return "true or false"
        if main["type"] in {"integer", "number"}:
            kind = "a whole number" if main["type"] == "integer" else "a number"
            steps = f", in steps of {main['multipleOf']}" if "multipleOf" in main else ""
            return f"{kind} from {main['minimum']:g} to {_plain(main['maximum'])}{steps}"
        least = "some " if name in cls.must_say or not schema.get("default") else ""
        return f"{least}text of up to {main['maxLength']} characters"

    @classmethod
    def _is_blank(cls, name: str, value: object) -> bool:
        if name in cls.must_say:
            return False
        if name in cls.wishes:
            return value is None
        return value is None or (isinstance(value, str) and not value.strip())


def _plain(number: float) -> str:
    return f"{number:g}" if number < 1e6 else str(int(number))
