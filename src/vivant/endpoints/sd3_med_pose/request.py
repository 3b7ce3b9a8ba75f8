"""What the pose endpoint accepts: the request, its limits and defaults, and clear refusals.

Needs no torch, so that the command line and the server know the fields at once.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator
from pydantic.config import JsonDict

from vivant.base.requests import MAX_SEED, EndpointRequest, OutputFormat

SamplerName = Literal[
    "euler",
    "euler_ancestral",
    "heun",
    "heunpp2",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_sde",
    "dpmpp_sde_gpu",
    "dpmpp_2m",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu",
    "dpmpp_3m_sde",
    "dpmpp_3m_sde_gpu",
    "ddpm",
    "p_sampler",
    "lcm",
    "ddim",
    "uni_pc",
    "uni_pc_bh2",
]
SchedulerName = Literal[
    "sgm_uniform", "normal", "karras", "exponential", "simple", "ddim_uniform", "beta"
]
PoseInput = Literal["auto", "photo", "skeleton", "json"]

MAX_PROMPT = 10_000
"""Longest prompt in characters: far beyond what the text encoders take, and no burden."""

ImageSource = Annotated[
    Any,
    WithJsonSchema({"type": "string", "description": "URL, base64, data URI or OpenPose JSON"}),
]

EXAMPLE: JsonDict = {
    "prompt": "Anime style illustration of a girl wearing a suit. A moon in sky. "
    "In the background we see a big rain approaching.",
    "negative_prompt": "low quality,less details",
    "image": "preset:waving",
    "num_inference_steps": 20,
    "guidance_scale": 7,
    "seed": 698845,
    "samples": 1,
    "strength": 0.8,
    "sampler": "dpmpp_2m",
    "scheduler": "sgm_uniform",
    "base64": False,
}
"""The product page's request, with a pose that ships."""


class Request(EndpointRequest):
    """One request for pictures in a pose."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    wishes = frozenset({"negative_prompt"})
    must_say = frozenset({"prompt", "image"})
    in_words = MappingProxyType({"image": "a picture or OpenPose JSON"})

    prompt: str = Field(description="What to show", min_length=1, max_length=MAX_PROMPT)
    image: ImageSource = Field(
        description="The pose: a photo or drawing of people, a skeleton, or OpenPose JSON",
        repr=False,
    )
    negative_prompt: str = Field(
        default="low quality,less details", description="What not to show", max_length=MAX_PROMPT
    )
    num_inference_steps: int = Field(default=20, ge=1, le=100, description="Denoising steps")
    guidance_scale: float = Field(
        default=7.0, ge=1, le=20, description="How hard to push towards the prompt; 1 is not at all"
    )
    seed: int = Field(
        default=698845,
        ge=0,
        le=MAX_SEED,
        description="Start of the random numbers; -1 or blank chooses one. Picture j has seed + j",
    )
    samples: int = Field(default=1, ge=1, le=4, description="Pictures to make")
    strength: float = Field(
        default=0.8, ge=0, le=1, description="How closely to follow the pose; 0 is not at all"
    )
    sampler: SamplerName = Field(default="dpmpp_2m", description="How noise becomes a picture")
    scheduler: SchedulerName = Field(default="sgm_uniform", description="How the noise falls")
    base64: bool = Field(default=False, description="Answer with base64 in JSON")
    width: int | None = Field(
        default=None, ge=16, le=4096, description="In pixels; blank follows the pose's shape"
    )
    height: int | None = Field(
        default=None, ge=16, le=4096, description="In pixels; blank follows the pose's shape"
    )
    pose_input: PoseInput = Field(default="auto", description="What the image is")
    output_format: OutputFormat = Field(default="jpg", description="File format of the pictures")
    output_quality: int = Field(
        default=95, ge=0, le=100, description="Quality of JPEG and WebP; 100 is best"
    )

    @field_validator("prompt")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("blank")
        return value

    @property
    def seeds(self) -> tuple[int, ...]:
        """One seed for each picture."""
        return tuple(self.seed + place for place in range(self.samples))

    def settings(self) -> dict[str, object]:
        """Everything but the image, for metadata and reports."""
        return self.model_dump(exclude={"image", "base64"}, exclude_none=True)
