"""What the pose endpoint accepts: the request, its limits and defaults, and clear refusals.

Needs no torch, so that the command line and the server know the fields at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from vivant.base.errors import InvalidInput

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
OutputFormat = Literal["jpg", "png", "webp"]

MAX_SEED = 2**63 - 1
MAX_PROMPT = 10_000
"""Longest prompt in characters: far beyond what the text encoders take, and no burden."""

ImageSource = Annotated[
    Any,
    WithJsonSchema({"type": "string", "description": "URL, base64, data URI or OpenPose JSON"}),
]


class Request(BaseModel):
    """One request for pictures in a pose; every field also as a string, as forms send them.

    Blank and null fields take their defaults. Fields that are not listed are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    prompt: str = Field(description="What to show", min_length=1, max_length=MAX_PROMPT)
    image: ImageSource = Field(
        description="The pose: a skeleton drawing, OpenPose JSON, or a photo", repr=False
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

    @model_validator(mode="before")
    @classmethod
    def _blank_means_default(cls, fields: object) -> object:
        if not isinstance(fields, Mapping):
            return fields
        kept = {name: value for name, value in fields.items() if not _is_blank(name, value)}
        if "seed" in fields and "seed" not in kept:
            kept["seed"] = -1
        return kept

    @field_validator("seed", mode="before")
    @classmethod
    def _choose_seed(cls, value: object) -> object:
        return secrets.randbelow(2**32) if str(value).strip() == "-1" else value

    @field_validator("output_format", mode="before")
    @classmethod
    def _jpeg_is_jpg(cls, value: object) -> object:
        return "jpg" if value == "jpeg" else value

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


def parse_request(fields: Mapping[str, object]) -> Request:
    """Check a request's fields.

    Raises:
        InvalidInput: the first field that is missing, of the wrong type, out of range or not an
            allowed value, with what is allowed.
    """
    try:
        return Request.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        given = fields.get(name)
        raise InvalidInput(name, "" if given is None else given, allowed(name)) from error


def allowed(name: str) -> str:
    """Say in words what a field accepts, from the request's own schema."""
    schema = Request.model_json_schema()["properties"][name]
    choices = schema.get("anyOf", [schema])
    main = next(choice for choice in choices if choice.get("type") != "null")
    if "enum" in main:
        return f"one of: {', '.join(main['enum'])}"
    if main["type"] == "boolean":
        return "true or false"
    if main["type"] in {"integer", "number"}:
        kind = "a whole number" if main["type"] == "integer" else "a number"
        return f"{kind} from {main['minimum']:g} to {_plain(main['maximum'])}"
    if name == "image":
        return "a picture or OpenPose JSON"
    least = "" if name in Request.model_fields and schema.get("default") else "some "
    return f"{least}text of up to {main['maxLength']} characters"


def _plain(number: float) -> str:
    return f"{number:g}" if number < 1e6 else str(int(number))


def _is_blank(name: str, value: object) -> bool:
    if name in {"prompt", "image"}:
        return False
    if name == "negative_prompt":
        return value is None  # an empty one is a wish
    return value is None or (isinstance(value, str) and not value.strip())
