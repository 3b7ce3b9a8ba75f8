"""The pose endpoint: read the pose, load the model, make the pictures.

Importing it needs no torch; `load` and `run` import what they need when they are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from vivant.base.contract import Events, Work
from vivant.base.errors import InvalidInput
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.endpoints.sd3_med_pose.sizing import effort, output_size
from vivant.engine.runners import BatchRunner, Together
from vivant.pose.draw import draw
from vivant.pose.estimate import Estimator, NoEstimator
from vivant.pose.inputs import pose_from_bytes, pose_from_picture, pose_from_text
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import Pose, fit

if TYPE_CHECKING:
    from vivant.weights.model import PoseModel

SLUG = "sd3-med-pose"
SUMMARY = "A prompt and a pose give a picture"

REQUEST = Request
PICTURE_FIELDS = ("image",)
TEXT_FIELDS = ("prompt", "negative_prompt")

MODELS = ("default",)
PRICE = 17_000
"""Micro-credits of the default request: 20 steps of one picture at the model's native area."""

SECONDS = 3.0
"""What the default request takes, roughly, until a machine has shown what it takes there."""

PRESET = "preset:"


@dataclass(frozen=True)
class Limits:
    """What sizes a model can draw, in pixels.

    Attributes:
        native_size: side of the square that it was trained on.
        multiple: width and height are multiples of it.
        longest: side.
    """

    native_size: int
    multiple: int
    longest: int


@dataclass(frozen=True)
class SizedRequest:
    """What the pipeline reads of a request: checked, with a concrete seed and size.

    Attributes:
        prompt: what to show.
        negative_prompt: what not to show; unused at guidance scale 1.
        num_inference_steps: denoising steps, 1 or more.
        guidance_scale: how much more of the prompt than of the negative prompt; 1 for none.
        seed: of the first sample, 0 or more; sample j has seed + j.
        samples: how many pictures, 1 or more.
        strength: the control net's conditioning scale; 0 skips the control net.
        sampler: a sampler's name or alias.
        scheduler: a scheduler's name.
        width: in pixels.
        height: in pixels.
    """

    prompt: str
    negative_prompt: str
    num_inference_steps: int
    guidance_scale: float
    seed: int
    samples: int
    strength: float
    sampler: str
    scheduler: str
    width: int
    height: int


def load(
    weights: str | None = None,
    *,
    controlnet: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    offload: str = "auto",
    t5: bool = False,
    token: str | None = None,
) -> PoseModel:
    """Load the model that makes the pictures; see `vivant.weights.load.load_pose_model`."""
    from vivant.weights.load import load_pose_model  # noqa: PLC0415  # torch, only when needed

    return load_pose_model(
        weights,
        controlnet=controlnet,
        device=device,
        dtype=dtype,
        offload=offload,
        t5=t5,
        token=token,
    )


def read_pose(request: Request, estimator: Estimator | None = None) -> Pose:
    """Read the pose that a request's `image` shows.

    It may be "preset:NAME", the bytes of a picture or JSON file, OpenPose JSON as text or parsed, a
    PIL picture, or a `Pose`. Nothing is read from disk here: names of files are the doors' matter.

    Args:
        request: whose `image` it is.
        estimator: reads photos; None refuses them.

    Raises:
        InvalidInput: it is none of these, or no OpenPose JSON.
        UnreadablePicture: the bytes are no picture.
        NobodyFound: it shows nobody.
        WeightsUnavailable: it is a photo, and nothing is there to read it with.
    """
    estimator = estimator or NoEstimator()
    match request.image:
        case Pose() as pose:
            return pose
        case bytes() as data:
            return pose_from_bytes(data, request.pose_input, estimator=estimator)
        case Image.Image() as picture:
            return pose_from_picture(picture, request.pose_input, estimator=estimator)
        case str() as text if text.startswith(PRESET):
            return load_preset(text.removeprefix(PRESET))
        case str() as text if text.lstrip()[:1] in {"{", "["}:
            return pose_from_text(text)
        case Mapping() | Sequence() as parsed if not isinstance(parsed, str):
            return pose_from_text(parsed)
        case other:
            allowed = "a photo or drawing of people, a skeleton, OpenPose JSON or preset:NAME"
            raise InvalidInput("image", other, allowed)


def model_of(request: Request) -> str:  # noqa: ARG001  # every endpoint's
    """The only one."""
    return MODELS[0]


def limits(model: PoseModel) -> Limits:
    """What sizes a model can draw."""
    return Limits(model.traits.native_size, model.traits.size_multiple, longest=longest_side(model))


def check(
    request: Request, limits: Limits | None = None, *, estimator: Estimator | None = None
) -> Work:
    """Refuse all of a request that can be refused before it runs.

    Args:
        request: whose fields were checked one by one.
        limits: of the model, once they are known; sizes are checked when it runs otherwise.
        estimator: reads photos; None refuses them.

    Raises:
        InvalidInput: a size off the model's grid.
        VivantError: what `read_pose` raises.
    """
    pose = read_pose(request, estimator)
    work = effort(request)
    if limits is not None:
        size = drawn_size(request, pose, limits)
        # Who names no size gets about the native area, and pays for exactly that.
        if request.width is not None or request.height is not None:
            work = effort(request, size, native_size=limits.native_size)
    return Work(request, pose, work, request.num_inference_steps)


def drawn_size(request: Request, pose: Pose, limits: Limits) -> tuple[int, int]:
    """Width and height of a request's pictures; see `output_size`."""
    return output_size(
        request,
        (pose.width, pose.height),
        native_size=limits.native_size,
        multiple=limits.multiple,
        longest=limits.longest,
    )


def takes(work: Work) -> int:
    """Its `samples`."""
    return int(work.request.samples)


def finish(work: Work, drawn: Events, weights: str) -> Events:  # noqa: ARG001  # every endpoint's
    """The pictures as they are."""
    return drawn


def run(model: PoseModel, request: Request, pose: Pose | None = None) -> Events:
    """Make a request's pictures, step by step.

    Args:
        model: as `load` gives it.
        request: checked.
        pose: the request's pose where it was read already, as one in a photo must have been.

    Yields:
        `Progress` after each step, and each `Picture` in its order.

    Raises:
        InvalidInput: a size off the model's grid; and what `read_pose` raises.
    """
    from vivant.endpoints.sd3_med_pose.pipeline import generate  # noqa: PLC0415  # torch

    pose = read_pose(request) if pose is None else pose
    size = drawn_size(request, pose, limits(model))
    yield from generate(model, sized(request, size), control_map(model, pose, size))


def control_map(model: PoseModel, pose: Pose, size: tuple[int, int]) -> Image.Image:
    """The drawing of a pose that a model's control net is shown, letterboxed onto a size."""
    whole = model.traits.whole_body
    return draw(fit(pose, *size), hands=whole, face=whole)


def sized(request: Request, size: tuple[int, int]) -> SizedRequest:
    """What the pipeline reads of a request."""
    width, height = size
    return SizedRequest(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        seed=request.seed,
        samples=request.samples,
        strength=request.strength,
        sampler=request.sampler,
        scheduler=request.scheduler,
        width=width,
        height=height,
    )


def longest_side(model: PoseModel) -> int:
    """Longest side in pixels that the model's position embedding reaches."""
    config = model.transformer.config
    pixels_per_latent = 2 ** (len(model.vae.config.block_out_channels) - 1)
    return int(config.pos_embed_max_size * config.patch_size * pixels_per_latent)


class _Runner:
    """Opens batches; torch is imported by the first one."""

    def together(self, model: PoseModel) -> Together:
        from vivant.endpoints.sd3_med_pose.batch import Batch  # noqa: PLC0415  # torch

        return Batch(model)


RUNNER: BatchRunner = _Runner()
"""Several requests share the evaluations of the networks."""
