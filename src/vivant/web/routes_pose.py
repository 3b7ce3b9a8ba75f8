"""Pose tools: read the people in a picture, and draw people that are told in JSON."""

from __future__ import annotations

import base64
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, WithJsonSchema, field_validator

from vivant.base.requests import EndpointRequest, OutputFormat
from vivant.output.encode import content_type, encode
from vivant.pose.draw import draw
from vivant.pose.estimate import Estimator
from vivant.pose.inputs import PoseInput, pose_from_bytes, pose_from_text
from vivant.pose.openpose import pose_to_json
from vivant.pose.presets import load_preset
from vivant.web.auth import Counted
from vivant.web.bodies import Fields
from vivant.web.described import BODY, PICTURES, form_body, problems
from vivant.web.inputs import PRESET
from vivant.web.shapes import PoseRead
from vivant.web.site import site_of

IMAGE = ("image",)

pose = APIRouter(prefix="/v1/pose", tags=["pose"])


class Reading(EndpointRequest):
    """A picture whose people are to be read."""

    must_say = frozenset({"image"})
    in_words = MappingProxyType({"image": "a picture or OpenPose JSON"})

    image: Annotated[
        Any,
        WithJsonSchema({"type": "string", "description": "URL, base64, data URI or OpenPose JSON"}),
    ]
    pose_input: PoseInput = Field(default="auto", description="What the image is")

    @field_validator("image")
    @classmethod
    def _is_there(cls, value: object) -> object:
        return _not_blank(value)


class Drawing(EndpointRequest):
    """People that are to be drawn."""

    must_say = frozenset({"pose"})
    in_words = MappingProxyType({"pose": "OpenPose JSON"})

    pose: Annotated[
        Any, WithJsonSchema({"type": ["object", "string"], "description": "OpenPose JSON"})
    ]
    width: int | None = Field(
        default=None, ge=16, le=4096, description="In pixels; blank for the pose's own"
    )
    height: int | None = Field(
        default=None, ge=16, le=4096, description="In pixels; blank for the pose's own"
    )
    output_format: OutputFormat = Field(default="png", description="File format of the drawing")

    @field_validator("pose")
    @classmethod
    def _is_there(cls, value: object) -> object:
        return _not_blank(value)


_READING = {"image": f"{PRESET}waving"}

_DRAWING = {
    "pose": {
        "canvas_width": 256,
        "canvas_height": 256,
        # Nose, neck, right and left shoulder, elbow and wrist: x, y and confidence of each.
        "people": [
            {
                "pose_keypoints_2d": [
                    *(128, 50, 1, 128, 90, 1, 95, 92, 1, 70, 60, 1, 75, 25, 1),
                    *(161, 92, 1, 178, 135, 1, 182, 175, 1),
                    *([0] * 30),
                ]
            }
        ],
    }
}


@pose.post(
    "",
    response_model=PoseRead,
    responses=problems(*BODY, 401, 422, 429, 503),
    openapi_extra={"requestBody": form_body(Reading.model_json_schema(), IMAGE, example=_READING)},
)
async def read(request: Request, caller: Counted) -> PoseRead:  # noqa: ARG001  # it lets them in
    """The people in a photo, a drawing or a skeleton, as OpenPose JSON and drawn anew."""
    site = site_of(request)
    with site.bodies.holding(request) as holding:
        fields = await holding.fields()
        fetched = await site.fetched(request, fields, IMAGE)

        def work() -> PoseRead:
            reading = Reading.from_fields(site.inputs.read(fetched, IMAGE))
            return _read(reading, site.service.estimator, site.settings.max_pixels)

        return await site.draw(work)


@pose.post(
    "/render",
    response_class=Response,
    responses={
        200: {
            "description": "The drawing",
            "content": dict(PICTURES),
        },
        **problems(*BODY, 401, 422, 429, 503),
    },
    openapi_extra={"requestBody": form_body(Drawing.model_json_schema(), [], example=_DRAWING)},
)
async def render(request: Request, caller: Counted) -> Response:  # noqa: ARG001  # it lets them in
    """The skeleton drawing of OpenPose JSON, which may also be the whole body."""
    site = site_of(request)
    with site.bodies.holding(request) as holding:
        drawing = Drawing.from_fields(_with_pose(await holding.fields()))
        data = await site.draw(partial(_render, drawing))
    return Response(data, media_type=content_type(drawing.output_format))


def _not_blank(value: object) -> object:
    if value is None or value in ("", b""):
        raise ValueError("blank")
    return value


def _read(reading: Reading, estimator: Estimator, max_pixels: int) -> PoseRead:
    if isinstance(reading.image, str):  # what is no picture and no blank is a pose that ships
        found = load_preset(reading.image.removeprefix(PRESET))
    else:
        found = pose_from_bytes(
            reading.image, reading.pose_input, estimator=estimator, max_pixels=max_pixels
        )
    drawing = encode(draw(found), "png")
    return PoseRead(
        pose=pose_to_json(found),
        image=base64.b64encode(drawing).decode(),
        people=len(found.people),
    )


def _render(drawing: Drawing) -> bytes:
    people = pose_from_text(drawing.pose)
    return encode(draw(people, drawing.width, drawing.height), drawing.output_format)


def _with_pose(fields: Fields) -> Fields:
    return {"pose": fields} if "people" in fields else fields
