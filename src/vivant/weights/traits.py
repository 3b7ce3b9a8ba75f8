"""What a model wants of whoever runs it: sizes, shift, and how it takes text and guidance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from vivant.base.errors import WeightsCorrupt
from vivant.weights.config_files import build, field_names, read_object
from vivant.weights.noise import SCHEDULER_FILE

TRAITS_FILE = "vivant.json"

Pixels = Annotated[int, Field(ge=1)]
Factor = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]

Sees: TypeAlias = Literal["head", "figure", "parts"]
"""What of a reference picture an identity adapter looks at: PhotoMaker at the head; or at the whole
figure; or at head, body and legs one after the other, as if they were three pictures."""


@dataclass(frozen=True)
class Traits:
    """How to run a pose model well; the defaults are those of the published SD3 medium.

    Attributes:
        native_size: side in pixels of the square that the model was trained on; output sizes keep
            about its area.
        size_multiple: width and height must be multiples of this many pixels.
        shift: time shift of the noise schedule, sigma(t) = shift t / (1 + (shift - 1) t)
            (Esser et al. 2024, equation 23).
        zero_text_tokens: zero tokens appended to the text where the T5 encoder is absent.
        guidance_factor: the guidance scale asked for is mapped to 1 + factor * (scale - 1).
        guidance_rescale: share, 0 to 1, by which the guided prediction is rescaled to the
            deviation of the conditional one (Lin et al. 2023, section 3.4).
        guide_pose: share, 0 to 1, of the control net's strength that the unguided prediction goes
            without, so that guidance leads towards the pose as well as the words. Wants a model
            that has learnt to draw without either; published ones have the same in both.
        whole_body: whether the control net knows hands and faces; otherwise it is shown bodies
            only. Published ones do; a model that has a `vivant.json` must say so.
    """

    native_size: Pixels = 1024
    size_multiple: Pixels = 64
    shift: Annotated[float, Field(gt=0)] = 3.0
    zero_text_tokens: Annotated[int, Field(ge=0)] = 256
    guidance_factor: Factor = 1.0
    guidance_rescale: Share = 0.0
    guide_pose: Share = 0.0
    whole_body: bool = False


@dataclass(frozen=True)
class FreeU:
    """Factors of FreeU (Si et al. 2023, arXiv 2309.11497); the defaults are StoryDiffusion's.

    Attributes:
        s1: of the low frequencies of the skip connections into the first up block.
        s2: the same for the second up block.
        b1: of half the channels of the first up block's own features.
        b2: the same for the second up block.
    """

    s1: Factor = 0.6
    s2: Factor = 0.4
    b1: Factor = 1.1
    b2: Factor = 1.2


@dataclass(frozen=True)
class StoryTraits:
    """How to run a story model well; the defaults are those of the published SDXL.

    Attributes:
        native_size: side in pixels of the square that the model was trained on.
        size_multiple: width and height must be multiples of this many pixels.
        guidance_factor: the guidance scale asked for is mapped to 1 + factor * (scale - 1).
        guidance_rescale: share, 0 to 1, by which the guided prediction is rescaled to the
            deviation of the conditional one (Lin et al. 2023, section 3.4).
        guide_sharing: whether the unguided prediction shares nothing between panels, so that
            guidance leads towards what they have in common as well as towards their words. Wants
            a model that has learnt to draw without sharing; the published method shares in both.
        share_always: whether every call of a sharing layer shares, from the step on in which any
            does; the published method leaves some of them to a panel's own tokens.
        freeu: factors of FreeU, or None to leave it off. A file says true for the published
            factors, false for none, or [s1, s2, b1, b2].
        vae_of: the model in this package whose autoencoder it uses, by its catalogue name; empty
            where it has its own.
    """

    native_size: Pixels = 1024
    size_multiple: Pixels = 32
    guidance_factor: Factor = 1.0
    guidance_rescale: Share = 0.0
    guide_sharing: bool = False
    share_always: bool = False
    freeu: FreeU | None = FreeU()
    vae_of: str = ""


def read_traits(folder: Path) -> Traits:
    """Read a pose model folder's traits.

    `vivant.json` states those that differ from the defaults; without it a model counts as
    published. The shift comes from `scheduler/scheduler_config.json` unless `vivant.json` says
    otherwise.

    Raises:
        WeightsCorrupt: a file is not JSON, names an unknown trait or a value out of range.
    """
    scheduler = folder / SCHEDULER_FILE
    config = read_object(scheduler) if scheduler.is_file() else {}
    shift = {"shift": config["shift"]} if "shift" in config else {}
    path = folder / TRAITS_FILE
    stated = _stated(folder) if path.is_file() else {"whole_body": True}
    return build(Traits, shift | stated, path)


def read_story_traits(folder: Path) -> StoryTraits:
    """Read a story model folder's traits from its `vivant.json`, if there is one.

    Raises:
        WeightsCorrupt: it is not JSON, names an unknown trait or a value out of range.
    """
    path = folder / TRAITS_FILE
    stated = _stated(folder)
    if "freeu" in stated:
        stated["freeu"] = _freeu(stated["freeu"], path)
    return build(StoryTraits, stated, path)


def _stated(folder: Path) -> dict[str, object]:
    path = folder / TRAITS_FILE
    return read_object(path) if path.is_file() else {}


def _freeu(stated: object, path: Path) -> Mapping[str, object] | None:
    match stated:
        case True:
            return {}
        case False:
            return None
        case [_, _, _, _] as factors:
            return dict(zip(field_names(FreeU), factors, strict=True))
        case _:
            raise WeightsCorrupt(f"{path}: freeu must be true, false or [s1, s2, b1, b2]")
