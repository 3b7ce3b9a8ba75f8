"""Skeletons over the picture that they were read from, for people to judge."""

from __future__ import annotations

from PIL import Image, ImageChops

from vivant.pose.draw import draw
from vivant.pose.skeleton import Pose

DIMMED = 0.5
"""Brightness of the picture, so that the skeletons' colours stand out."""


def overlay(picture: Image.Image, pose: Pose) -> Image.Image:
    """The skeletons of a pose over a dimmed picture of any size, which is the pose's canvas."""
    drawing = draw(pose, *picture.size)
    red, green, blue = drawing.split()
    lit = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    mask = lit.point([min(255, 2 * level) for level in range(256)])
    dimmed = picture.convert("RGB").point([int(level * DIMMED) for level in range(256)] * 3)
    return Image.composite(drawing, dimmed, mask)
