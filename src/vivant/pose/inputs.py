"""Whatever a user gives for a pose, as a `Pose`: a photo, a skeleton drawing or OpenPose JSON."""

from __future__ import annotations

import io
import warnings
from typing import Literal, TypeAlias, get_args

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vivant.base.errors import InvalidInput, NobodyFound, PictureTooLarge, UnreadablePicture
from vivant.pose.estimate import Estimator, estimated
from vivant.pose.openpose import pose_from_json
from vivant.pose.recognise import read_skeleton
from vivant.pose.skeleton import Pose

PoseInput: TypeAlias = Literal["auto", "photo", "skeleton", "json"]
"""What an input is said to be; "auto" looks."""

MAX_PIXELS = 64_000_000


def pose_from_bytes(
    data: bytes,
    pose_input: PoseInput = "auto",
    *,
    estimator: Estimator,
    max_pixels: int = MAX_PIXELS,
) -> Pose:
    """The pose in a picture file or in OpenPose JSON, told apart by content.

    Args:
        data: the file's content.
        pose_input: what it is said to be.
        estimator: reads photos.
        max_pixels: of a picture.

    Raises:
        InvalidInput: the JSON is no pose, or an unknown `pose_input`.
        UnreadablePicture: neither JSON nor a picture that can be decoded.
        PictureTooLarge: more than `max_pixels`.
        NobodyFound: the picture shows nobody, or the JSON holds nobody.
        WeightsUnavailable: it is a photo, and the estimator cannot be loaded.
    """
    _check(pose_input)
    if pose_input == "json" or (pose_input == "auto" and _looks_like_json(data)):
        return pose_from_text(data)
    picture = open_picture(data, max_pixels=max_pixels)
    return pose_from_picture(picture, pose_input, estimator=estimator)


def pose_from_text(text: str | bytes | object) -> Pose:
    """The pose in OpenPose JSON (text, or what it parses to), with at least one person.

    Raises:
        InvalidInput: not OpenPose JSON.
        NobodyFound: OpenPose JSON without people.
    """
    pose = pose_from_json(text)
    if not pose.people:
        raise NobodyFound(
            f"OpenPose JSON ({pose.width}x{pose.height}): it holds no person with any joint"
        )
    return pose


def pose_from_picture(
    image: Image.Image, pose_input: PoseInput = "auto", *, estimator: Estimator
) -> Pose:
    """The pose in a skeleton drawing or a photo, in the picture's pixels, largest person first.

    Args:
        image: any mode.
        pose_input: "auto" takes for a photo what is no skeleton drawing, drawn people as well.
        estimator: reads photos.

    Raises:
        InvalidInput: `pose_input` is unknown, or "json" (a picture is not JSON).
        NobodyFound: the message gives the picture's size, what was tried and why it failed.
        WeightsUnavailable: it is a photo, and the estimator cannot be loaded.
    """
    _check(pose_input)
    if pose_input == "json":
        size = f"{image.width}x{image.height} picture"
        raise InvalidInput("pose_input", pose_input, f"auto, photo or skeleton for this {size}")
    picture = upright_rgb(image)
    if pose_input == "photo":
        return estimated(estimator, picture)
    try:
        return read_skeleton(picture)
    except NobodyFound as error:
        if pose_input == "skeleton":
            raise
        no_drawing = str(error)
    try:
        return estimated(estimator, picture)
    except NobodyFound as error:
        raise NobodyFound(f"{error}; nor is it a skeleton drawing ({no_drawing})") from error


def open_picture(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """A picture file as upright RGB, whatever format, depth and transparency it has.

    Args:
        data: the file's content; its name does not matter.
        max_pixels: more than this are refused before anything is decoded.

    Returns:
        RGB with the EXIF orientation applied, over black where it is transparent (a skeleton's
        background), grey levels scaled to 8 bits, the first frame of an animation.

    Raises:
        UnreadablePicture: no known picture format, damaged or empty.
        PictureTooLarge: too many pixels.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures and of odd metadata; the limit here is ours.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise PictureTooLarge(
                        f"picture {width}x{height} has {width * height} pixels, "
                        f"more than the {max_pixels} allowed"
                    )
                image.seek(0)
                image.load()
                return upright_rgb(image)
    except Image.DecompressionBombError as error:
        raise PictureTooLarge(
            f"picture has far more than the {max_pixels} pixels allowed"
        ) from error
    except UnidentifiedImageError as error:
        raise UnreadablePicture(
            f"{len(data)} bytes that are no picture in a known format"
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError) as error:
        # What Pillow's decoders raise on damaged files.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadablePicture(f"picture cannot be decoded: {reason}") from error


def upright_rgb(image: Image.Image) -> Image.Image:
    """`image` turned as its EXIF says, over black, as 8-bit RGB."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image).convert("RGB")
    if image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, image)
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit or float grey as 8-bit grey; the range is told by the largest value."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    most = float(values.max(initial=0))
    top = 1.0 if most <= 1 and image.mode == "F" else 255.0 if most <= 255 else 65535.0
    scaled = values.clip(0, None) * (255.0 / max(top, most if most > 65535 else top))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _looks_like_json(data: bytes) -> bool:
    """JSON starts with a brace or a bracket; no picture format does."""
    head = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head[:1] in (b"{", b"[")


def _check(pose_input: str) -> None:
    if pose_input not in get_args(PoseInput):
        allowed = f"one of: {', '.join(get_args(PoseInput))}"
        raise InvalidInput("pose_input", pose_input, allowed)
