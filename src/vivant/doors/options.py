"""Command line options made from the fields of requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import typer

from vivant.base.requests import EndpointRequest

Device: TypeAlias = Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda, cuda:N or mps")]
NumberFormat: TypeAlias = Annotated[
    str, typer.Option("--dtype", metavar="NAME", help="float32, float16 or bfloat16")
]
Offload: TypeAlias = Annotated[
    str, typer.Option(metavar="NAME", help="model: parts take turns on the card; none")
]


def field_option(request: type[EndpointRequest], name: str) -> Any:
    """An option for a field of a request, described by the request itself.

    Values arrive as text and are checked with the whole request, so that the command line and the
    server refuse the same things in the same words.
    """
    field = request.model_fields[name]
    default = None if field.default is None or field.is_required() else str(field.default)
    if default is not None and len(default) > 60:
        default = f"{default[:57]}..."
    return typer.Option(
        f"--{name.replace('_', '-')}",
        help=f"{field.description}: {request.allowed(name)}",
        metavar="VALUE",
        show_default=default or False,
    )


def given(fields: Mapping[str, object]) -> dict[str, object]:
    """The options that were given."""
    return {name: value for name, value in fields.items() if value is not None}
