"""The poses that ship."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from vivant.pose.openpose import pose_to_json
from vivant.pose.presets import load_preset, preset_names
from vivant.web.described import problems
from vivant.web.shapes import Preset, Presets

presets = APIRouter(prefix="/v1/pose/presets", tags=["pose"])


@presets.get("", responses={200: {"model": Presets}, **problems()})
async def listed() -> JSONResponse:
    """All poses that ship, to be used by name or to begin with."""
    return JSONResponse(_all().model_dump(), headers={"Cache-Control": "private, max-age=3600"})


@cache
def _all() -> Presets:
    return Presets(
        presets=[Preset(name=name, pose=pose_to_json(load_preset(name))) for name in preset_names()]
    )
