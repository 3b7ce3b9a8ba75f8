"""The story endpoint: read the script, load the model, make the panels and the pages.

Importing it needs no torch; `load` and `run` import what they need when they are called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from vivant.base.contract import Events, Picture, Work
from vivant.base.errors import InvalidInput
from vivant.comic.page import compose
from vivant.comic.script import Panel, parse_script
from vivant.comic.styles import styled
from vivant.endpoints.storydiffusion.reference import Reference, merged_from, read_references
from vivant.endpoints.storydiffusion.request import Redo, Request
from vivant.endpoints.storydiffusion.sizing import drawn_size, effort
from vivant.engine.runners import Runner
from vivant.pose.estimate import Estimator
from vivant.weights.traits import Sees

if TYPE_CHECKING:
    from vivant.weights.model import StoryModel

SLUG = "storydiffusion"
SUMMARY = "A character and a script give a comic on which the same person is in every panel"

REQUEST = Request
PICTURE_FIELDS = ("ref_image",)
TEXT_FIELDS = (
    "comic_description",
    "character_description",
    "negative_prompt",
    "prompt",
    "caption",
)

MODELS = ("Unstable", "RealVision")
PRICE = 166_000
"""Micro-credits of the default request: 8 panels of 768 x 768 in 25 steps."""

NO_IDENTITY = "the model has no PhotoMaker; one from `vivant weights list` can have it"
"""Why a reference image is refused."""

SECONDS = 30.0
"""What the default request takes, roughly, until a machine has shown what it takes there."""


@dataclass(frozen=True)
class Take:
    """One picture to draw.

    Attributes:
        panel: its place in the script, from 0.
        prompt: what to show: description, line and style together.
        negative_prompt: what not to show.
        seed: of its noise.
    """

    panel: int
    prompt: str
    negative_prompt: str
    seed: int


@dataclass(frozen=True)
class Storyboard:
    """What the pipeline reads of a request: checked, prompts complete, sizes concrete.

    Attributes:
        identities: the panels that all others look at.
        followers: the panels that look at them.
        only_followers: whether the identity panels themselves are not wanted.
        seed: of the shared attention's choices.
        num_steps: denoising steps.
        guidance_scale: as asked.
        sa32: share on the coarse grid, 0 to 1.
        sa64: share on the fine grid, 0 to 1.
        width: that panels are drawn at, in pixels.
        height: the same.
        references: pictures of the person whom the character is to look like.
        merged_from: the first step, from 0, in which they count.
    """

    identities: tuple[Take, ...]
    followers: tuple[Take, ...]
    only_followers: bool
    seed: int
    num_steps: int
    guidance_scale: float
    sa32: float
    sa64: float
    width: int
    height: int
    references: tuple[Reference, ...] = ()
    merged_from: int = 0


@dataclass(frozen=True)
class Script:
    """What is read of a request before it runs.

    Attributes:
        panels: its lines.
        references: as in a `Storyboard`.
    """

    panels: tuple[Panel, ...]
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What a model can do.

    Attributes:
        sees: what of a reference image it looks at, to draw who it shows; None where it
            reads none.
    """

    sees: Sees | None


def load(
    weights: str | None = None,
    *,
    device: str = "auto",
    dtype: str = "auto",
    offload: str = "auto",
    token: str | None = None,
    identity: str | None = None,
) -> StoryModel:
    """Load the model that draws; see `vivant.weights.load.load_story_model`."""
    from vivant.weights.load import load_story_model  # noqa: PLC0415  # torch, only when needed

    return load_story_model(
        weights, device=device, dtype=dtype, offload=offload, token=token, identity=identity
    )


def read_script(request: Request) -> tuple[Panel, ...]:
    """The panels of a request's script.

    Raises:
        InvalidInput: the script is empty or too long, or `num_ids` or the panel to make again is
            beyond its end.
    """
    panels = parse_script(request.comic_description)
    if request.num_ids > len(panels):
        allowed = f"at most {len(panels)}, the number of panels"
        raise InvalidInput("num_ids", request.num_ids, allowed)
    if request.redo is not None and request.redo > len(panels):
        raise InvalidInput("redo", request.redo, f"a panel's number, 1 to {len(panels)}")
    return panels


def model_of(request: Request) -> str:
    """The `sd_model`."""
    return request.sd_model


def limits(model: StoryModel) -> Limits:
    """What a model can do. Sizes are no limit: what it cannot draw as large is enlarged."""
    return Limits(sees=None if model.identity is None else model.identity.sees)


def check(
    request: Request, limits: Limits | None = None, *, estimator: Estimator | None = None
) -> Work:
    """Refuse all of a request that can be refused before it runs.

    Args:
        request: whose fields were checked one by one.
        limits: of the model, once they are known; what it cannot do is refused when it runs else.
        estimator: finds the person in a reference image; None takes the image's middle.

    Raises:
        VivantError: what `read_script` and `read_references` raise, or there is a reference image
            and the model reads none, or would see nobody in it.
    """
    panels = read_script(request)
    if limits is not None and limits.sees is None:
        refuse_references(request)
    script = Script(panels, read_references(request, estimator))
    if limits is not None and limits.sees is not None:
        for reference in script.references:
            reference.views(limits.sees)
    drawn = len(panels) if request.redo is None else request.num_ids + 1
    return Work(request, script, effort(request, drawn), request.num_steps)


def refuse_references(request: Request) -> None:
    """Make a reference image an error, for a model that reads none."""
    if request.ref_image is not None:
        raise InvalidInput("ref_image", "a picture", f"none: {NO_IDENTITY}")


def prompts(request: Request, panel: Panel) -> tuple[str, str]:
    """A panel's prompt and negative prompt: who, what happens, and the style around both."""
    who = request.character_description.strip() if panel.has_character else ""
    text = f"{who}, {panel.prompt}" if who else panel.prompt
    return styled(request.style_name, text, request.negative_prompt)


def storyboard(request: Request, script: Script, size: tuple[int, int]) -> Storyboard:
    """What to draw for a request; to make one panel again, the identity panels and one more take.

    What is made again follows the identity panels even if it is one of them, so that all other
    panels stay as they were.

    Args:
        request: checked.
        script: its own.
        size: width and height to draw at.
    """
    takes = [
        Take(i, *prompts(request, panel), request.seed + i) for i, panel in enumerate(script.panels)
    ]
    followers = takes[request.num_ids :]
    redo = request.again
    if redo is not None:
        again = takes[redo.panel - 1]
        followers = [Take(again.panel, again.prompt, again.negative_prompt, redo.seed)]
    return Storyboard(
        identities=tuple(takes[: request.num_ids]),
        followers=tuple(followers),
        only_followers=redo is not None,
        seed=request.seed,
        num_steps=request.num_steps,
        guidance_scale=request.guidance_scale,
        sa32=request.sa32_setting,
        sa64=request.sa64_setting,
        width=size[0],
        height=size[1],
        references=script.references,
        merged_from=merged_from(request),
    )


def takes(work: Work) -> int:
    """One picture a panel, or the one that is made again."""
    return len(work.prepared.panels) if work.request.redo is None else 1


def finish(work: Work, drawn: Events, weights: str) -> Events:
    """Panels with their captions, as each is drawn, and then the pages; see `run`."""
    request, panels = work.request, work.prepared.panels
    if request.again is not None:
        yield from finished_panels(request, panels, _in_place(request.again, drawn))
        return
    made: list[Image.Image] = []
    for event in finished_panels(request, panels, drawn):
        if isinstance(event, Picture):
            made.append(event.image)
        yield event
    yield from pages(request, panels, made, weights)


def _in_place(redo: Redo, drawn: Events) -> Events:
    """The one picture that is drawn, as the panel that it stands for."""
    for event in drawn:
        if isinstance(event, Picture):
            yield replace(event, index=redo.panel - 1, seed=redo.seed)
        else:
            yield event


def run(model: StoryModel, work: Work) -> Events:
    """Make a request's panels and pages.

    Args:
        model: as `load` gives it.
        work: as `check` gives it.

    Yields:
        `Progress` as panels take their steps, each panel's `Picture` in the script's order, and
        each page's. Where one panel is made again, its `Picture` alone and no page.

    Raises:
        InvalidInput: there is a reference image and the model reads none.
        NobodyFound: the model sees nobody in it.
    """
    from vivant.endpoints.storydiffusion.pipeline import generate  # noqa: PLC0415  # torch

    if model.identity is None:
        refuse_references(work.request)
    size = drawn_size(work.request, model.traits.native_size, model.traits.size_multiple)
    drawn = generate(model, storyboard(work.request, work.prepared, size))
    yield from finish(work, drawn, model.source)


def finished_panels(request: Request, panels: Sequence[Panel], drawn: Events) -> Events:
    """Finish each panel as soon as it is drawn."""
    for event in drawn:
        if isinstance(event, Picture):
            yield finished_panel(request, panels[event.index], event)
        else:
            yield event


def finished_panel(request: Request, panel: Panel, drawn: Picture) -> Picture:
    """A panel at the size that was asked for, with its caption among its settings."""
    asked = request.image_width, request.image_height
    image, warnings = drawn.image, drawn.warnings
    if image.size != asked:
        width, height = image.size
        warnings += (f"this model draws at {width} x {height}; panels were enlarged",)
        image = image.resize(asked, Image.Resampling.LANCZOS)
    settings = {**drawn.settings, "caption": panel.caption, "panel": drawn.index + 1}
    return replace(drawn, image=image, settings=settings, warnings=warnings, kind="panel")


def pages(
    request: Request, panels: Sequence[Panel], images: Sequence[Image.Image], weights: str
) -> Iterator[Picture]:
    """Lay all panels out; yields each page's `Picture`."""
    captions = [panel.caption for panel in panels]
    book = compose(images, captions, request.comic_style, seed=request.seed)
    for place, image in enumerate(book.pages):
        yield Picture(
            image=image,
            seed=request.seed,
            index=place,
            settings=request.settings() | {"weights": weights},
            warnings=book.warnings,
            kind="page",
        )


class _Runner:
    """Tells one story at a time."""

    def start(self, model: StoryModel, work: Work) -> Events:
        return run(model, work)


RUNNER: Runner = _Runner()
"""The panels of one story share evaluations with each other already."""
