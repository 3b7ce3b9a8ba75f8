"""The straight line of use: a checked request goes in, progress and picture files come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from vivant.base.contract import Picture, Progress
from vivant.endpoints.sd3_med_pose import endpoint as pose_endpoint
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.output.encode import Format, encode, format_of
from vivant.pose.skeleton import Pose

if TYPE_CHECKING:
    from vivant.weights.model import PoseModel


@dataclass(frozen=True)
class PictureFile:
    """A finished picture and how to write it down.

    Attributes:
        picture: the picture with its seed and settings.
        format: the file format that the request asked for.
        quality: 0 to 100, for JPEG and WebP.
    """

    picture: Picture
    format: Format
    quality: int

    @property
    def image(self) -> Image.Image:
        """The picture itself, RGB."""
        return self.picture.image

    @property
    def seed(self) -> int:
        """The seed that makes exactly this picture again, alone."""
        return self.picture.seed

    def encode(self) -> bytes:
        """The file's bytes, settings included."""
        settings = self.picture.settings
        return encode(self.image, self.format, quality=self.quality, settings=settings)

    def save(self, path: str | Path) -> Path:
        """Write a file in the format that its name asks for, with the picture's settings inside.

        Raises:
            InvalidInput: the name ends in no known format.
            OSError: the file cannot be written.
        """
        path = Path(path)
        settings = self.picture.settings
        data = encode(self.image, format_of(path), quality=self.quality, settings=settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


def generate(
    model: PoseModel, request: Request, pose: Pose | None = None
) -> Iterator[Progress | PictureFile]:
    """Make a request's pictures.

    Args:
        model: the networks.
        request: checked; see `Request.from_fields`.
        pose: the request's pose where it was read already.

    Yields:
        `Progress` after each step, and each picture in its order.

    Raises:
        InvalidInput: a size off the model's grid.
        UnreadablePicture: the pose cannot be read.
        NobodyFound: it shows nobody.
    """
    for event in pose_endpoint.run(model, request, pose):
        if isinstance(event, Picture):
            yield PictureFile(event, request.output_format, request.output_quality)
        else:
            yield event
