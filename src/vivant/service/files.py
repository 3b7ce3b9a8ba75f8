"""Finished pictures as files, with how they were made inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from vivant.base.contract import Events, Picture, Progress
from vivant.output.encode import Format, encode, format_of


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


def as_files(
    events: Events, output_format: Format, output_quality: int
) -> Iterator[Progress | PictureFile]:
    """The events of a request with its pictures made ready to be written down.

    Args:
        events: of an endpoint's `run`.
        output_format: that the request asked for.
        output_quality: 0 to 100, for JPEG and WebP.
    """
    for event in events:
        if isinstance(event, Picture):
            yield PictureFile(event, output_format, output_quality)
        else:
            yield event
