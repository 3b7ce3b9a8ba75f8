"""What a model wants of whoever runs it: sizes, shift, and how it takes text and guidance."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from vivant.base.errors import WeightsCorrupt

TRAITS_FILE = "vivant.json"


@dataclass(frozen=True)
class Traits:
    """How to run a model well; the defaults are those of the published SD3 medium.

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
    """

    native_size: int = 1024
    size_multiple: int = 64
    shift: float = 3.0
    zero_text_tokens: int = 256
    guidance_factor: float = 1.0
    guidance_rescale: float = 0.0


def read_traits(folder: Path) -> Traits:
    """Read a model folder's traits.

    `vivant.json` states those that differ from the defaults; without it a model counts as
    published. The shift comes from `scheduler/scheduler_config.json` unless `vivant.json` says
    otherwise.

    Raises:
        WeightsCorrupt: a file is not JSON, names an unknown trait or a value out of range.
    """
    stated: dict[str, object] = {}
    scheduler = folder / "scheduler" / "scheduler_config.json"
    if scheduler.is_file():
        config = _read_object(scheduler)
        stated |= {"shift": config["shift"]} if "shift" in config else {}
    path = folder / TRAITS_FILE
    if path.is_file():
        stated |= _read_object(path)
    known = {field.name: field.type for field in fields(Traits)}
    for name, value in stated.items():
        _check(path, name, value, known)
    return Traits(**stated)  # type: ignore[arg-type]  # each value was checked against its field


def _check(path: Path, name: str, value: object, known: dict[str, object]) -> None:
    if name not in known:
        raise WeightsCorrupt(f"{path}: unknown trait {name!r}; known: {', '.join(known)}")
    whole = known[name] == "int"
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise WeightsCorrupt(f"{path}: {name} must be {'an integer' if whole else 'a number'}")
    least = 1 if name in {"native_size", "size_multiple"} else 0
    if value < least or (name == "shift" and value == 0):
        raise WeightsCorrupt(f"{path}: {name} is {value}, too small")


def _read_object(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WeightsCorrupt(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise WeightsCorrupt(f"{path} must hold a JSON object")
    return content
