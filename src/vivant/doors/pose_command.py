"""`vivant pose`: a prompt and a pose in, picture files out."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vivant.doors.inputs import read_input
from vivant.doors.options import Device, NumberFormat, Offload, field_option, given
from vivant.doors.outputs import agree, entry, is_folder, make_folder, numbered
from vivant.endpoints.sd3_med_pose import endpoint
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.pose.estimators import estimator_by_name
from vivant.service.files import PictureFile, as_files

if TYPE_CHECKING:
    from vivant.pose.skeleton import Pose
    from vivant.weights.model import PoseModel


def pose(
    image: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="The pose: a photo or drawing of people, a skeleton, JSON, or preset:NAME",
        ),
    ],
    *,
    prompt: Annotated[str, field_option(Request, "prompt")] = "",
    negative_prompt: Annotated[str | None, field_option(Request, "negative_prompt")] = None,
    num_inference_steps: Annotated[str | None, field_option(Request, "num_inference_steps")] = None,
    guidance_scale: Annotated[str | None, field_option(Request, "guidance_scale")] = None,
    seed: Annotated[str | None, field_option(Request, "seed")] = None,
    samples: Annotated[str | None, field_option(Request, "samples")] = None,
    strength: Annotated[str | None, field_option(Request, "strength")] = None,
    sampler: Annotated[str | None, field_option(Request, "sampler")] = None,
    scheduler: Annotated[str | None, field_option(Request, "scheduler")] = None,
    width: Annotated[str | None, field_option(Request, "width")] = None,
    height: Annotated[str | None, field_option(Request, "height")] = None,
    pose_input: Annotated[str | None, field_option(Request, "pose_input")] = None,
    output_format: Annotated[str | None, field_option(Request, "output_format")] = None,
    output_quality: Annotated[str | None, field_option(Request, "output_quality")] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="File, or folder with a / at its end; several samples are numbered",
            show_default="vivant-SEED.jpg",
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Catalogue name, folder, Hugging Face id or .safetensors file",
            show_default="embedded",
        ),
    ] = None,
    controlnet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another control net than the model's own")
    ] = None,
    device: Device = "auto",
    dtype: NumberFormat = "auto",
    offload: Offload = "auto",
    t5: Annotated[bool, typer.Option("--t5", help="Use the T5 text encoder too.")] = False,
    as_base64: Annotated[
        bool, typer.Option("--base64/--no-base64", help="Put the pictures into the JSON report.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Make pictures of a person in a given pose."""
    output_format = agree(output, output_format)
    fields = {
        "prompt": prompt,
        "image": read_input(image),
        "negative_prompt": negative_prompt,
        "num_inference_steps": num_inference_steps,
        "guidance_scale": guidance_scale,
        "seed": seed,
        "samples": samples,
        "strength": strength,
        "sampler": sampler,
        "scheduler": scheduler,
        "base64": as_base64,
        "width": width,
        "height": height,
        "pose_input": pose_input,
        "output_format": output_format,
        "output_quality": output_quality,
    }
    request = Request.from_fields(given(fields))
    paths = _paths(output, request)
    # Before the model is loaded: what is wrong with input and output is told at once.
    source = endpoint.read_pose(request, estimator_by_name())
    make_folder(paths[0].parent)
    started = time.perf_counter()
    with Console(stderr=True).status("loading the model"):
        model = endpoint.load(
            weights, controlnet=controlnet, device=device, dtype=dtype, offload=offload, t5=t5
        )
    loaded = time.perf_counter()
    files = _run(model, request, source)
    finished = time.perf_counter()
    for file, path in zip(files, paths, strict=True):
        file.save(path)
    for warning in files[0].picture.warnings:
        typer.echo(f"vivant: {warning}", err=True)
    if not as_json and not request.base64:
        typer.echo("\n".join(str(path) for path in paths))
        return
    report: dict[str, object] = {
        "images": [
            entry(file, path, with_bytes=request.base64)
            for file, path in zip(files, paths, strict=True)
        ],
        "settings": dict(files[0].picture.settings),
        "warnings": list(files[0].picture.warnings),
        "seconds": {
            "loading": round(loaded - started, 3),
            "making": round(finished - loaded, 3),
        },
    }
    typer.echo(json.dumps(report, indent=2, ensure_ascii=False))


def _run(model: PoseModel, request: Request, source: Pose) -> list[PictureFile]:
    files: list[PictureFile] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("denoising", total=request.num_inference_steps)
        events = endpoint.run(model, request, source)
        for event in as_files(events, request.output_format, request.output_quality):
            if isinstance(event, PictureFile):
                files.append(event)
            else:
                bar.update(task, completed=event.step, total=event.total)
    return files


def _paths(output: str | None, request: Request) -> list[Path]:
    if output is None or is_folder(output):
        folder = Path(output or "")
        return [folder / f"vivant-{seed}.{request.output_format}" for seed in request.seeds]
    return numbered(Path(output), request.samples)
