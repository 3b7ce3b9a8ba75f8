"""Vivant: pictures of people in the pose you ask for, and comics whose people stay the same.

    from vivant import PosePipeline

    pipeline = PosePipeline()
    picture = pipeline("a girl in a red dress, at the sea", "preset:waving")
    picture.save("girl.png")

Importing this package is cheap: torch and the networks are loaded when a pipeline is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from vivant.base.version import __version__

if TYPE_CHECKING:
    from vivant.doors.api import PosePipeline, StoryPipeline
    from vivant.service.files import PictureFile
    from vivant.service.stories import Story

__all__ = ["PictureFile", "PosePipeline", "Story", "StoryPipeline", "__version__"]

_HOMES = {
    "PosePipeline": "vivant.doors.api",
    "StoryPipeline": "vivant.doors.api",
    "PictureFile": "vivant.service.files",
    "Story": "vivant.service.stories",
}


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
