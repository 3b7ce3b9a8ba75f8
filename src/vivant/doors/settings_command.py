"""`vivant settings`: every setting, its value, and where that comes from."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vivant.base.settings import PREFIX, Settings, read_settings, sources


def settings(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False
) -> None:
    """List the server's settings, their values and where these come from."""
    values = shown_values(read_settings())
    places = sources()
    if as_json:
        facts = {name: {"value": value, "source": places[name]} for name, value in values.items()}
        typer.echo(json.dumps(facts, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("setting", "value", "source", "what it is"):
        table.add_column(heading, overflow="fold")
    for name, value in values.items():
        text = "-" if value is None else value if isinstance(value, str) else json.dumps(value)
        about = str(Settings.model_fields[name].description)
        table.add_row(f"{PREFIX}{name.upper()}", text, places[name], about)
    Console().print(table)


def shown_values(given: Settings) -> dict[str, object]:
    """The settings as JSON, the database's password hidden."""
    values = given.model_dump(mode="json")
    if given.database_url is not None:
        values["database_url"] = hide_password(given.database_url)
    return values


def hide_password(url: str) -> str:
    """A database's URL with "***" where its password is."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415  # slow to import
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "***"
