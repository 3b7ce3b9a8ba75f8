"""`vivant skeleton`: the people in a picture, as OpenPose JSON or as a drawing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from vivant.base.errors import InvalidInput
from vivant.doors.inputs import read_input
from vivant.doors.options import field_option
from vivant.doors.outputs import make_folder
from vivant.endpoints.sd3_med_pose.endpoint import read_pose
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.output.encode import encode, format_of
from vivant.pose.draw import draw
from vivant.pose.estimators import BLAZEPOSE, estimator_by_name
from vivant.pose.inputs import open_picture
from vivant.pose.openpose import pose_to_json
from vivant.pose.overlay import overlay
from vivant.pose.skeleton import Pose


def skeleton(
    image: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A photo or drawing of people, a skeleton, OpenPose JSON, or preset:NAME",
        ),
    ],
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="OpenPose JSON (.json), or a drawing (.png, .jpg or .webp)",
            show_default="JSON to the terminal",
        ),
    ] = None,
    over: Annotated[
        bool, typer.Option("--overlay", help="Draw the skeletons over the picture.")
    ] = False,
    pose_input: Annotated[str | None, field_option(Request, "pose_input")] = None,
    estimator: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="blazepose, or a folder with detector.onnx and pose.onnx"
        ),
    ] = BLAZEPOSE,
) -> None:
    """Read the people in a photo or a drawing."""
    path = None if output is None else Path(output)
    as_text = path is None or path.suffix.lower() == ".json"
    if over and as_text:
        raise InvalidInput("overlay", output, "a picture to write: -o FILE.png, .jpg or .webp")
    if path is not None and not as_text:
        format_of(path)  # an ending that no picture has is told before the work
    given = read_input(image)
    pose = read_pose(_request(given, pose_input), estimator_by_name(estimator))
    if path is None:
        typer.echo(_text(pose))
        return
    if as_text:
        data = _text(pose).encode()
    else:
        data = encode(_picture(given, pose, over=over), format_of(path))
    make_folder(path.parent)
    _write(path, data)
    typer.echo(path)


def _request(given: object, pose_input: str | None) -> Request:
    """What `read_pose` reads; a prompt is of no use here."""
    fields = {"prompt": "-", "image": given, "pose_input": pose_input or "auto"}
    return Request.from_fields(fields)


def _text(pose: Pose) -> str:
    return json.dumps(pose_to_json(pose), indent=2)


def _picture(given: object, pose: Pose, *, over: bool) -> Image.Image:
    if not over:
        return draw(pose)
    if not isinstance(given, bytes) or given.lstrip()[:1] in {b"{", b"["}:
        raise InvalidInput("overlay", given, "a picture to draw over, not JSON or a preset")
    return overlay(open_picture(given), pose)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        allowed = f"a file that can be written ({error.strerror})"
        raise InvalidInput("output", str(path), allowed) from error
