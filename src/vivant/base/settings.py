"""Every setting of the server, in one frozen object that only the doors read.

What is given on the command line counts first, then the environment (VIVANT_PORT=8080), then a
file `.env` in the current folder, then the defaults. Lists and tables are JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from vivant.base.errors import InvalidInput

PREFIX = "VIVANT_"

Seconds = Annotated[float, Field(gt=0, le=1e7)]
Bytes = Annotated[int, Field(ge=1)]
Source = Literal["option", "environment", ".env", "default"]


class Settings(BaseSettings):
    """How a server runs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 picks one")
    public_url: str | None = Field(
        default=None,
        description="How others reach the server, such as https://pictures.example; by default as "
        "each request's Host header says",
    )
    data: Path = Field(
        default=Path("~/.vivant"), description="Folder of the database and the stored files"
    )
    database_url: str | None = Field(
        default=None,
        description="postgresql://USER:PASSWORD@HOST/NAME, or sqlite:///PATH; by default vivant.db "
        "in the data folder",
    )
    worker: str = Field(
        default="main",
        pattern=r"^[A-Za-z0-9_.-]{1,100}$",
        description="This server's name among those that share a database, the same after a "
        "restart",
    )

    weights: Mapping[str, str] = Field(
        default={},
        description="Models to serve, by endpoint or endpoint/model, such as "
        '{"sd3-med-pose": "sd3-medium", "storydiffusion/RealVision": "RealVision"}; by default '
        "those inside the package",
    )
    device: str = Field(default="auto", description="cpu, cuda, cuda:N or mps")
    dtype: str = Field(default="auto", description="float32, float16 or bfloat16")
    offload: str = Field(
        default="auto", description="model: parts of a model take turns on the card; none"
    )
    preload: bool = Field(default=True, description="Load all models at the start")
    estimator: str = Field(
        default="blazepose",
        description="What reads the poses in photos: blazepose, or a folder with detector.onnx and "
        "pose.onnx",
    )
    memory_budget: Bytes | None = Field(
        default=None, description="Bytes that loaded models may take together"
    )
    fake: bool = Field(
        default=False, description="Serve made-up pictures, without any model, for trying out"
    )

    line: int = Field(default=512, ge=1, description="Requests that may wait for the worker")
    deadline: Seconds = Field(
        default=600.0, description="Seconds from a request's submission until it is given up"
    )
    max_attempts: int = Field(
        default=2, ge=1, description="How often a request is started, if the server dies meanwhile"
    )
    drain: Annotated[float, Field(ge=0)] = Field(
        default=10.0, description="Seconds that requests under way get when the server stops"
    )
    max_waiting: int = Field(
        default=1000, ge=1, description="Connections that may wait for an answer at once"
    )

    prices: Mapping[str, Annotated[float, Field(ge=0)]] = Field(
        default={},
        description="Credits of a default request, by endpoint; others cost in proportion",
    )
    first_credits: Annotated[float, Field(ge=0)] = Field(
        default=100.0, description="Credits that come with the key that the first start makes"
    )
    requests_per_minute: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Limit of accounts that have none of their own"
    )

    keep_hours: Annotated[float, Field(gt=0)] = Field(
        default=72.0, description="How long pictures, given and made, are kept"
    )
    max_stored_bytes: Bytes = Field(
        default=20_000_000_000, description="Bytes that all stored files may take together"
    )
    prompts_in_pictures: bool = Field(
        default=True, description="Whether pictures carry the texts that made them"
    )
    prompts_in_logs: bool = Field(default=False, description="Whether the log tells prompts")

    max_body_bytes: Bytes = Field(default=40_000_000, description="Largest request body")
    max_picture_bytes: Bytes = Field(default=20_000_000, description="Largest picture")
    max_pixels: int = Field(default=64_000_000, ge=1, description="Pixels of the largest picture")
    body_timeout: Seconds = Field(default=60.0, description="Seconds for a request body to arrive")
    fetch_timeout: Seconds = Field(
        default=15.0, description="Seconds to fetch a picture that a URL names"
    )
    fetch_redirects: int = Field(default=3, ge=0, le=20, description="Redirects on the way there")
    reachable: tuple[str, ...] = Field(
        default=(),
        description="Private hosts that pictures may be fetched from and webhooks sent to: names, "
        "addresses or networks",
    )
    webhook_timeout: Seconds = Field(default=10.0, description="Seconds for a webhook's answer")
    cors_origins: tuple[str, ...] = Field(
        default=(), description='Web pages\' origins that may call the server; "*" for all'
    )

    @field_validator("public_url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("expected http://HOST or https://HOST")
        return value.rstrip("/")

    @field_validator("data")
    @classmethod
    def _in_full(cls, value: Path) -> Path:
        return value.expanduser().absolute()


def read_settings(**options: Any) -> Settings:
    """The settings of this process.

    Args:
        options: those given on the command line; None for the others.

    Raises:
        InvalidInput: the first one that is not allowed.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        reason = str(first["msg"]).removeprefix("Value error, ")
        reason = reason.removeprefix("expected ").removeprefix("Input should be ")
        raise InvalidInput(_spelled(name, given), first["input"], reason) from error
    except SettingsError as error:
        raise InvalidInput("settings", str(error), "JSON for lists and tables") from error


def sources() -> dict[str, Source]:
    """Where each setting comes from, by name, where no command line says otherwise."""
    places: dict[str, Source] = dict.fromkeys(Settings.model_fields, "default")
    places.update(dict.fromkeys(DotEnvSettingsSource(Settings)(), ".env"))
    places.update(dict.fromkeys(EnvSettingsSource(Settings)(), "environment"))
    return {name: places[name] for name in Settings.model_fields}


def _spelled(name: str, given: Mapping[str, object]) -> str:
    return f"--{name.replace('_', '-')}" if name in given else f"{PREFIX}{name.upper()}"
