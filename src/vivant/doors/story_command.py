"""`vivant story`: a character and a script in, a comic page out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from vivant.base.contract import Events
from vivant.base.errors import InvalidInput
from vivant.comic.script import Panel
from vivant.doors.inputs import read_input
from vivant.doors.options import Device, NumberFormat, Offload, field_option, given
from vivant.doors.outputs import agree, make_folder
from vivant.endpoints.storydiffusion import endpoint
from vivant.endpoints.storydiffusion.request import Request
from vivant.pose.estimators import estimator_by_name
from vivant.service.files import PictureFile, as_files
from vivant.service.stories import BOOKS, Story, check_output, read_panels


def _field(name: str) -> Any:
    return field_option(Request, name)


def story(
    script: Annotated[
        str | None,
        typer.Argument(
            metavar="SCRIPT",
            help="A text file, one panel a line; - reads standard input",
            show_default="the product page's treasure hunt",
        ),
    ] = None,
    *,
    character_description: Annotated[
        str | None,
        typer.Option(
            "--character",
            "--character-description",
            metavar="TEXT",
            help="Who the story is about",
            show_default=str(Request.model_fields["character_description"].default),
        ),
    ] = None,
    negative_prompt: Annotated[str | None, _field("negative_prompt")] = None,
    seed: Annotated[str | None, _field("seed")] = None,
    num_ids: Annotated[str | None, _field("num_ids")] = None,
    sd_model: Annotated[str | None, _field("sd_model")] = None,
    num_steps: Annotated[str | None, _field("num_steps")] = None,
    image_width: Annotated[str | None, _field("image_width")] = None,
    image_height: Annotated[str | None, _field("image_height")] = None,
    sa32_setting: Annotated[str | None, _field("sa32_setting")] = None,
    sa64_setting: Annotated[str | None, _field("sa64_setting")] = None,
    guidance_scale: Annotated[str | None, _field("guidance_scale")] = None,
    style_name: Annotated[str | None, _field("style_name")] = None,
    comic_style: Annotated[str | None, _field("comic_style")] = None,
    ref: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PICTURE",
            help="Whom the character looks like; write 'img' behind the class word, 'a man img'. "
            "Several times for several pictures of one person",
        ),
    ] = None,
    style_strength_ratio: Annotated[str | None, _field("style_strength_ratio")] = None,
    output_format: Annotated[str | None, _field("output_format")] = None,
    output_quality: Annotated[str | None, _field("output_quality")] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Page file: .webp, .jpg or .png, several pages numbered; .pdf or .cbz holds all",
            show_default="story-SEED.webp",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--panels", metavar="DIR", help="Keep the single panels here, numbered"),
    ] = None,
    redo: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Make only panel N again, with --seed; the other panels come from --panels",
        ),
    ] = None,
    story_seed: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="With --redo: the seed that the story was made with"),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Catalogue name, folder, Hugging Face id or .safetensors file",
            show_default="embedded, or the --sd-model",
        ),
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="PhotoMaker, or its .bin or .safetensors file: draws whom --ref shows",
            show_default="PhotoMaker, where it was pulled",
        ),
    ] = None,
    device: Device = "auto",
    dtype: NumberFormat = "auto",
    offload: Offload = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Tell a story in pictures: one character, one panel a line, laid out as a comic."""
    _check_seeds(redo, story_seed)
    fields = {
        "character_description": character_description,
        "comic_description": None if script is None else read_script_file(script),
        "negative_prompt": negative_prompt,
        "seed": seed if redo is None else story_seed,
        "redo": redo,
        "redo_seed": None if redo is None else _seed(seed),
        "num_ids": num_ids,
        "sd_model": sd_model,
        "num_steps": num_steps,
        "image_width": image_width,
        "image_height": image_height,
        "sa32_setting": sa32_setting,
        "sa64_setting": sa64_setting,
        "guidance_scale": guidance_scale,
        "style_name": style_name,
        "comic_style": comic_style,
        "ref_image": None if ref is None else [read_input(each) for each in ref],
        "style_strength_ratio": style_strength_ratio,
        "output_format": _agree(output, output_format),
        "output_quality": output_quality,
    }
    request = Request.from_fields(given(fields))
    # Before the model is loaded: what is wrong with the script or the paths is told at once.
    work = endpoint.check(request, estimator=estimator_by_name())
    panels = work.prepared.panels
    path = Path(output or f"story-{request.seed}.{request.output_format}")
    others = None if redo is None or folder is None else read_panels(folder, len(panels))
    for place in [path.parent] if folder is None else [path.parent, folder]:
        make_folder(place)
    started = time.perf_counter()
    with Console(stderr=True).status("loading the model"):
        model = endpoint.load(
            weights or sd_model, device=device, dtype=dtype, offload=offload, identity=identity
        )
    loaded = time.perf_counter()
    tale = _tell(endpoint.run(model, work), request, panels)
    if redo is not None and others is not None:
        others[redo - 1] = tale.panels[0].image
        pages = endpoint.pages(request, panels, others, model.source)
        tale = replace(tale, pages=_files(pages, request))
    finished = time.perf_counter()
    written = tale.save(path) if tale.pages else [tale.panels[0].save(path)]
    written += [] if folder is None else tale.save_panels(folder)
    for warning in tale.warnings:
        typer.echo(f"vivant: {warning}", err=True)
    if not as_json:
        typer.echo("\n".join(map(str, written)))
        return
    report = {
        "files": [str(place) for place in written],
        "seed": request.seed,
        "panels": [
            {"panel": file.picture.index + 1, "seed": file.seed, **file.picture.settings}
            for file in tale.panels
        ],
        "settings": {**request.settings(), "weights": model.source},
        "warnings": list(tale.warnings),
        "seconds": {
            "loading": round(loaded - started, 3),
            "making": round(finished - loaded, 3),
        },
    }
    typer.echo(json.dumps(report, indent=2, ensure_ascii=False))


def read_script_file(script: str) -> str:
    """The text of a script file, or of standard input for "-".

    Raises:
        InvalidInput: there is no such file, or it is no text, or too long.
    """
    try:
        data = sys.stdin.buffer.read() if script == "-" else Path(script).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        allowed = f"a text file with one panel a line ({error.strerror or 'cannot be read'})"
        raise InvalidInput("SCRIPT", script, allowed) from error
    except UnicodeDecodeError as error:
        raise InvalidInput("SCRIPT", script, "a text file in UTF-8") from error


def _check_seeds(redo: int | None, story_seed: str | None) -> None:
    if redo is None and story_seed is not None:
        raise InvalidInput("story_seed", story_seed, "--redo beside it; else give --seed")


def _seed(seed: str | None) -> int:
    """Checked as the request's own seed is; blank chooses one here too."""
    return Request.from_fields({"seed": seed}).seed


def _agree(output: str | None, output_format: str | None) -> str | None:
    """The pictures' format; a book's pages and panels are as `output_format` says."""
    if output is not None:
        check_output(Path(output))
        if Path(output).suffix.lower() in BOOKS:
            return output_format
    return agree(output, output_format)


def _tell(events: Events, request: Request, panels: Sequence[Panel]) -> Story:
    """Run a story to its end, with a progress bar for each panel."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    made = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[int, TaskID] = {}
        for event in as_files(events, request.output_format, request.output_quality):
            if isinstance(event, PictureFile):
                made.append(event)
                continue
            for place in event.panels:
                if place not in tasks:
                    name = f"{place + 1} {shorten(panels[place].prompt, 40, placeholder='…')}"
                    tasks[place] = bars.add_task(escape(name), total=request.num_steps)
                bars.advance(tasks[place])
    return Story.of(made)


def _files(pictures: Events, request: Request) -> tuple[PictureFile, ...]:
    files = as_files(pictures, request.output_format, request.output_quality)
    return tuple(file for file in files if isinstance(file, PictureFile))
