"""The poses that ship with the package, by name."""

from __future__ import annotations

from functools import cache
from importlib import resources

from vivant.base.errors import InvalidInput
from vivant.pose.openpose import pose_from_json
from vivant.pose.skeleton import Pose


@cache
def preset_names() -> tuple[str, ...]:
    """Names of the poses that ship with the package, sorted."""
    folder = resources.files("vivant.pose") / "presets"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


@cache
def load_preset(name: str) -> Pose:
    """One person on a 768 x 768 canvas, in the pose called `name`.

    Raises:
        InvalidInput: there is no such preset; the message lists those there are.
    """
    names = preset_names()
    if name not in names:
        raise InvalidInput("preset", name, f"one of: {', '.join(names)}")
    file = resources.files("vivant.pose") / "presets" / f"{name}.json"
    return pose_from_json(file.read_text(encoding="utf-8"), field=f"preset {name}")
