"""Ask the product's own pipeline for stories: what `evaluate_story` and `story_sheet` look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diffusers import AutoencoderKL
from PIL import Image

from vivant.base.contract import Picture
from vivant.comic.styles import styled
from vivant.endpoints.storydiffusion.endpoint import Storyboard, Take
from vivant.endpoints.storydiffusion.pipeline import generate
from vivant.endpoints.storydiffusion.request import Request
from vivant.weights.load import load_story_model
from vivant.weights.model import StoryModel


@dataclass(frozen=True)
class Telling:
    """How a story is drawn; the defaults are the endpoint's.

    Attributes:
        share: of tokens that panels see of each other, on both grids.
        identities: the first panels, which all look at.
        style: a name of the product's styles.
        guidance: as asked, before the model's own factor.
        steps: denoising steps.
    """

    share: float = 0.5
    identities: int = 3
    style: str = "Disney Charactor"
    guidance: float = 5.0
    steps: int = 25


def load_with_vae(folder: str, vae: Path | None, identity: str | None = None) -> StoryModel:
    """A story model; with `vae` decoded by that autoencoder instead of the one in the package."""
    model = load_story_model(folder, identity=identity)
    if vae is None:
        return model
    net = AutoencoderKL.from_pretrained(vae).eval().requires_grad_(requires_grad=False)
    return replace(model, vae=net.to(model.device, model.dtype))


def draw_story(
    model: StoryModel, prompts: Sequence[str], seed: int, telling: Telling
) -> list[Image.Image]:
    """One story's panels, in the order of their prompts."""
    takes = [
        Take(i, *styled(telling.style, prompt, Request().negative_prompt), seed + i)
        for i, prompt in enumerate(prompts)
    ]
    board = Storyboard(
        identities=tuple(takes[: telling.identities]),
        followers=tuple(takes[telling.identities :]),
        only_followers=False,
        seed=seed,
        num_steps=telling.steps,
        guidance_scale=telling.guidance,
        sa32=telling.share,
        sa64=telling.share,
        width=model.traits.native_size,
        height=model.traits.native_size,
    )
    return [event.image for event in generate(model, board) if isinstance(event, Picture)]
