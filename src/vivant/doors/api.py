"""Vivant from Python: load once, then one call, one picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vivant.base.contract import Progress
from vivant.doors.inputs import read_input
from vivant.endpoints.sd3_med_pose import endpoint as pose_endpoint
from vivant.endpoints.sd3_med_pose.request import Request as PoseRequest
from vivant.endpoints.storydiffusion import endpoint as story_endpoint
from vivant.endpoints.storydiffusion.request import Request as StoryRequest
from vivant.pose.estimators import estimator_by_name
from vivant.service.files import PictureFile, as_files
from vivant.service.stories import Story
from vivant.weights.load import load_pose_model, load_story_model


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
        self._estimator = estimator_by_name()
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
            pose: "preset:NAME"; a path, bytes or a PIL picture, of people or a skeleton; or
                OpenPose JSON.
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
        request = PoseRequest.from_fields({**settings, "prompt": prompt, "image": read_input(pose)})
        read = pose_endpoint.read_pose(request, self._estimator)
        events = pose_endpoint.run(self.model, request, read)
        yield from as_files(events, request.output_format, request.output_quality)


class StoryPipeline:
    """Makes comic pages on which one character appears in every panel.

    Args:
        weights: None for the model inside the package; "RealVision" or "Unstable", a folder in
            diffusers layout, a Hugging Face id or a `.safetensors` file of SDXL.
        device: "auto", "cpu", "mps", "cuda" or "cuda:N".
        dtype: "auto", "float32", "float16" or "bfloat16".
        offload: "auto", "none" or "model".
        token: Hugging Face token for gated models; by default the one the user logged in with.

    Raises:
        VivantError: the weights cannot be loaded; the message says why on one line.
    """

    def __init__(
        self,
        weights: str | None = None,
        *,
        device: str = "auto",
        dtype: str = "auto",
        offload: str = "auto",
        token: str | None = None,
    ) -> None:
        self.model = load_story_model(
            weights, device=device, dtype=dtype, offload=offload, token=token
        )

    def __call__(self, character: str, script: str, **settings: object) -> Story:
        """Tell a story.

        Args:
            character: who it is about, such as "a man, wearing black suit".
            script: one panel a line; `[NC]` for a panel without the character, `#` before a
                caption.
            settings: the request's other fields by name, such as `seed`, `num_ids` or `style_name`.

        Raises:
            VivantError: a field or the script is not usable; the message says why on one line.
        """
        events = self.events(character, script, **settings)
        return Story.of([event for event in events if isinstance(event, PictureFile)])

    def redo(
        self, character: str, script: str, panel: int, seed: int, **settings: object
    ) -> PictureFile:
        """Make one panel again, from another seed and with the character kept.

        Args:
            character: as in the call that told the story.
            script: the same.
            panel: its number in the script, from 1.
            seed: of the new take; the story's own belongs to `settings`, as it was.
            settings: the same as in that call.
        """
        again = {**settings, "redo": panel, "redo_seed": seed}
        events = self.events(character, script, **again)
        return next(event for event in events if isinstance(event, PictureFile))

    def events(
        self, character: str, script: str, **settings: object
    ) -> Iterator[Progress | PictureFile]:
        """Tell a story step by step: progress, panels and pages as they come; else as a call."""
        request = _story_request(character, script, settings)
        events = story_endpoint.run(self.model, story_endpoint.check(request))
        yield from as_files(events, request.output_format, request.output_quality)


def _story_request(character: str, script: str, settings: Mapping[str, object]) -> StoryRequest:
    return StoryRequest.from_fields(
        {**settings, "character_description": character, "comic_description": script}
    )
