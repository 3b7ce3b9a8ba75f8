"""Vivant from Python: load once, then one call, one picture."""

from __future__ import annotations

from collections.abc import Iterator

from vivant.base.contract import Progress
from vivant.doors.inputs import read_input
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.service.generate import PictureFile, generate
from vivant.weights.load import load_pose_model


class PosePipeline:
    """Makes pictures of people in a given pose.

    Args:
        weights: None for the model inside the package; a catalogue name such as "sd3-medium", a
            folder in diffusers layout, a Hugging Face id or a `.safetensors` file.
        controlnet: another control net than the model's own, named in the same ways.
        device: "auto", "cpu", "mps", "cuda" or "cuda:N".
        dtype: "auto", "float32", "float16" or "bfloat16".
        offload: "auto", "none" or "model".
        t5: load the third text encoder too, where the model has one.
        token: Hugging Face token for gated models; by default the one the user logged in with.

    Raises:
        VivantError: the weights cannot be loaded; the message says why on one line.
    """

    def __init__(
        self,
        weights: str | None = None,
        *,
        controlnet: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        offload: str = "auto",
        t5: bool = False,
        token: str | None = None,
    ) -> None:
        self.model = load_pose_model(
            weights,
            controlnet=controlnet,
            device=device,
            dtype=dtype,
            offload=offload,
            t5=t5,
            token=token,
        )

    def __call__(self, prompt: str, pose: object, **settings: object) -> PictureFile:
        """Make one picture.

        Args:
            prompt: what to show.
            pose: "preset:NAME", a path, bytes, or a PIL picture of a skeleton; or OpenPose JSON.
            settings: the request's other fields by name, such as `seed`, `strength` or `width`.

        Raises:
            VivantError: a field or the pose is not usable; the message says why on one line.
        """
        return self.pictures(prompt, pose, **(settings | {"samples": 1}))[0]

    def pictures(self, prompt: str, pose: object, **settings: object) -> list[PictureFile]:
        """Make as many pictures as `samples` says; else as a call."""
        events = self.events(prompt, pose, **settings)
        return [event for event in events if isinstance(event, PictureFile)]

    def events(
        self, prompt: str, pose: object, **settings: object
    ) -> Iterator[Progress | PictureFile]:
        """Make pictures step by step: progress and pictures as they come; else as a call."""
        request = Request.from_fields({**settings, "prompt": prompt, "image": read_input(pose)})
        yield from generate(self.model, request)
