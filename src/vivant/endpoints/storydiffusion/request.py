"""What the story endpoint accepts: the request, its limits and defaults, and clear refusals.

Needs no torch, so that the command line and the server know the fields at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator
from pydantic.config import JsonDict

from vivant.base.requests import MAX_SEED, EndpointRequest, OutputFormat
from vivant.comic.script import MAX_PANELS

StoryModelName = Literal["Unstable", "RealVision"]
StyleName = Literal[
    "(No style)",
    "Japanese Anime",
    "Cinematic",
    "Disney Charactor",
    "Photographic",
    "Comic book",
    "Line art",
    "Digital/Oil Painting",
    "Pixar/Disney Character",
    "Black and White Film Noir",
    "Isometric Rooms",
]
ComicStyle = Literal["Classic Comic Style", "Four Pannel"]

MAX_TEXT = 10_000
"""Longest text in characters."""

SIDE = Field(ge=256, le=1024, multiple_of=32)

NEGATIVE_PROMPT = (
    "bad anatomy, bad hands, missing fingers, extra fingers, three hands, three legs, bad arms, "
    "missing legs, missing arms, poorly drawn face, bad face, fused face, cloned face, three crus, "
    "fused feet, fused thigh, extra crus, ugly fingers, horn, cartoon, cg, 3d, unreal, animate, "
    "amputation, disconnected limbs"
)

CHARACTER_DESCRIPTION = "a man, wearing black suit"

COMIC_DESCRIPTION = """\
at home, read new paper #at home, The newspaper says there is a treasure house in the forest.
on the road, near the forest
[NC] The car on the road, near the forest #He drives to the forest in search of treasure.
[NC]A tiger appeared in the forest, at night 
very frightened, open mouth, in the forest, at night
running very fast, in the forest, at night
[NC] A house in the forest, at night #Suddenly, he discovers the treasure house!
in the house filled with treasure, laughing, at night #He is overjoyed inside the house."""  # noqa: W291 - as the product page spells it

ImageSource = Annotated[
    Any, WithJsonSchema({"type": "string", "description": "URL, base64 or data URI"})
]

EXAMPLE: JsonDict = {
    "seed": 42,
    "num_ids": 3,
    "sd_model": "Unstable",
    "num_steps": 25,
    "image_width": 768,
    "image_height": 768,
    "sa32_setting": 0.5,
    "sa64_setting": 0.5,
    "output_format": "webp",
    "guidance_scale": 5,
    "output_quality": 80,
    "negative_prompt": NEGATIVE_PROMPT,
    "character_description": CHARACTER_DESCRIPTION,
    "comic_description": COMIC_DESCRIPTION,
    "style_strength_ratio": 20,
    "style_name": "Disney Charactor",
    "comic_style": "Classic Comic Style",
}
"""The product page's request."""


@dataclass(frozen=True)
class Redo:
    """Another take of one panel, with the character kept.

    Attributes:
        panel: its number in the script, from 1.
        seed: of its noise, 0 or more.
    """

    panel: int
    seed: int


class Request(EndpointRequest):
    """One request for a story."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    wishes = frozenset({"negative_prompt", "character_description", "comic_description"})
    in_words = MappingProxyType({"ref_image": "a picture"})

    character_description: str = Field(
        default=CHARACTER_DESCRIPTION, description="Who the story is about", max_length=MAX_TEXT
    )
    comic_description: str = Field(
        default=COMIC_DESCRIPTION,
        description="One panel a line; [NC] for no character; # starts the caption",
        max_length=MAX_TEXT,
    )
    negative_prompt: str = Field(
        default=NEGATIVE_PROMPT, description="What not to show", max_length=MAX_TEXT
    )
    seed: int = Field(
        default=42,
        ge=0,
        le=MAX_SEED,
        description="Start of the random numbers; -1 or blank chooses one",
    )
    num_ids: int = Field(
        default=3,
        ge=1,
        le=24,
        description="Identity panels: the first ones, which all others look at",
    )
    sd_model: StoryModelName = Field(default="Unstable", description="The model that draws")
    num_steps: int = Field(default=25, ge=20, le=50, description="Denoising steps")
    image_width: Annotated[int, SIDE] = Field(default=768, description="Of a panel, in pixels")
    image_height: Annotated[int, SIDE] = Field(default=768, description="Of a panel, in pixels")
    sa32_setting: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of an identity panel's tokens that others see, on the coarse grid",
    )
    sa64_setting: float = Field(
        default=0.5, ge=0, le=1, description="The same share on the fine grid"
    )
    guidance_scale: float = Field(
        default=5.0, ge=0.1, le=10, description="How hard to push towards the prompt"
    )
    style_name: StyleName = Field(default="Disney Charactor", description="Style of the pictures")
    comic_style: ComicStyle = Field(
        default="Classic Comic Style", description="Layout of the pages"
    )
    style_strength_ratio: int = Field(
        default=20,
        ge=15,
        le=50,
        description="Share of the steps, in percent, before the reference image counts",
    )
    ref_image: ImageSource = Field(
        default=None, description="A picture of the character's face", repr=False
    )
    output_format: OutputFormat = Field(default="webp", description="Format of page and panels")
    output_quality: int = Field(
        default=80, ge=0, le=100, description="Quality of JPEG and WebP; 100 is best"
    )
    base64: bool = Field(default=False, description="Answer with base64 in JSON")
    redo: int | None = Field(
        default=None, ge=1, le=24, description="Make only this panel again; blank makes all"
    )
    redo_seed: int | None = Field(
        default=None,
        ge=0,
        le=MAX_SEED,
        description="Seed of the panel that is made again; blank takes one that no panel had",
    )

    @field_validator("comic_description", "character_description")
    @classmethod
    def _plain_line_ends(cls, value: str) -> str:
        return value.replace("\r\n", "\n").replace("\r", "\n")

    @property
    def again(self) -> Redo | None:
        """What is to be made again, if not all is to be made."""
        if self.redo is None:
            return None
        unused = self.seed + MAX_PANELS + self.redo
        return Redo(self.redo, unused if self.redo_seed is None else self.redo_seed)

    def settings(self) -> dict[str, object]:
        """Everything but the reference image, for metadata and reports."""
        return self.model_dump(exclude={"ref_image", "base64"}, exclude_none=True)
