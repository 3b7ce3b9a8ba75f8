"""`vivant pose`: a prompt and a pose in, picture files out."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vivant.base.errors import InvalidInput
from vivant.doors.inputs import read_input
from vivant.endpoints.sd3_med_pose import endpoint
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.output.encode import format_of

if TYPE_CHECKING:
    from vivant.pose.skeleton import Pose
    from vivant.service.generate import PictureFile
    from vivant.weights.model import PoseModel


def _field(name: str) -> Any:
    """An option for a field of the request, described by the request itself.

    Values arrive as text and are checked with the whole request, so that the command line and the
    server refuse the same things in the same words.
    """
    field = Request.model_fields[name]
    default = None if field.default is None or field.is_required() else str(field.default)
    return typer.Option(
        f"--{name.replace('_', '-')}",
        help=f"{field.description}: {Request.allowed(name)}",
        metavar="VALUE",
        show_default=default or False,
    )


def pose(
    image: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="The pose: a skeleton drawing, an OpenPose JSON file, or preset:NAME",
        ),
    ],
    *,
    prompt: Annotated[str, _field("prompt")] = "",
    negative_prompt: Annotated[str | None, _field("negative_prompt")] = None,
    num_inference_steps: Annotated[str | None, _field("num_inference_steps")] = None,
    guidance_scale: Annotated[str | None, _field("guidance_scale")] = None,
    seed: Annotated[str | None, _field("seed")] = None,
    samples: Annotated[str | None, _field("samples")] = None,
    strength: Annotated[str | None, _field("strength")] = None,
    sampler: Annotated[str | None, _field("sampler")] = None,
    scheduler: Annotated[str | None, _field("scheduler")] = None,
    width: Annotated[str | None, _field("width")] = None,
    height: Annotated[str | None, _field("height")] = None,
    pose_input: Annotated[str | None, _field("pose_input")] = None,
    output_format: Annotated[str | None, _field("output_format")] = None,
    output_quality: Annotated[str | None, _field("output_quality")] = None,
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
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda, cuda:N or mps")] = "auto",
    dtype: Annotated[
        str, typer.Option(metavar="NAME", help="float32, float16 or bfloat16")
    ] = "auto",
    offload: Annotated[
        str, typer.Option(metavar="NAME", help="model: parts take turns on the card; none")
    ] = "auto",
    t5: Annotated[bool, typer.Option("--t5", help="Use the T5 text encoder too.")] = False,
    as_base64: Annotated[
        bool, typer.Option("--base64/--no-base64", help="Put the pictures into the JSON report.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Make pictures of a person in a given pose."""
    output_format = _agree(output, output_format)
    given = {
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
    request = Request.from_fields(
        {name: value for name, value in given.items() if value is not None}
    )
    paths = _paths(output, request)
    # Before the model is loaded: what is wrong with input and output is told at once.
    source = endpoint.read_pose(request)
    _make_folder(paths[0].parent)
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
            _entry(file, path, with_bytes=request.base64)
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
    # Torch is imported here and not for --help.
    from vivant.service.generate import PictureFile, generate  # noqa: PLC0415

    files: list[PictureFile] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("denoising", total=request.num_inference_steps)
        for event in generate(model, request, source):
            if isinstance(event, PictureFile):
                files.append(event)
            else:
                bar.update(task, completed=event.step, total=event.total)
    return files


def _agree(output: str | None, output_format: str | None) -> str | None:
    """The format asked for by name or by the file's ending; both must say the same."""
    if output is None or output.endswith("/") or Path(output).is_dir():
        return output_format
    ending = format_of(Path(output))
    if output_format in {"jpg", "jpeg", "png", "webp"} and output_format[:2] != ending[:2]:
        raise InvalidInput("output_format", output_format, f"{ending}, as in {output}")
    return output_format or ending


def _paths(output: str | None, request: Request) -> list[Path]:
    """One path for each sample; from two on the names carry numbers."""
    if output is None or output.endswith("/") or Path(output).is_dir():
        folder = Path(output or "")
        return [folder / f"vivant-{seed}.{request.output_format}" for seed in request.seeds]
    path = Path(output)
    if request.samples == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{place}") for place in range(1, request.samples + 1)]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        allowed_path = f"a place that can be written ({error.strerror})"
        raise InvalidInput("output", str(folder), allowed_path) from error


def _entry(file: PictureFile, path: Path, *, with_bytes: bool) -> dict[str, object]:
    entry: dict[str, object] = {
        "path": str(path),
        "width": file.image.width,
        "height": file.image.height,
        "seed": file.seed,
    }
    if with_bytes:
        entry["base64"] = base64.b64encode(path.read_bytes()).decode()
    return entry
