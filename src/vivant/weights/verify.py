"""Check weights on disk: tensor names and shapes against the configuration, and known hashes.

Only file headers are read for the former, and networks are built on the meta device, so that a
full-size model is checked in seconds and without memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    SD3ControlNetModel,
    SD3Transformer2DModel,
    UNet2DConditionModel,
)
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, CLIPTextModel, CLIPTextModelWithProjection, T5EncoderModel

from vivant.base.errors import WeightsCorrupt
from vivant.weights.catalog import FileFacts
from vivant.weights.config_files import read_object
from vivant.weights.networks import CLIP_WRAPPER, first_line, weight_files

SUMS_FILE = "SHA256SUMS"

_KINDS: Mapping[str, Any] = {
    "transformer": SD3Transformer2DModel,
    "unet": UNet2DConditionModel,
    "controlnet": SD3ControlNetModel,
    "vae": AutoencoderKL,
    "text_encoder": CLIPTextModelWithProjection,
    "text_encoder_2": CLIPTextModelWithProjection,
    "text_encoder_3": T5EncoderModel,
}
_MAY_LACK = frozenset({"encoder.embed_tokens.weight"})
"""A second name of T5's `shared.weight`, which files hold once."""

_NONE = [None, None]
"""Stands in a model's index for a part that it has not."""

Shapes = dict[str, tuple[int, ...]]


def meta_network(kind: str, folder: Path) -> torch.nn.Module:
    """Build the network that `folder/config.json` describes on the meta device: no memory.

    Args:
        kind: the part's name in the diffusers layout, such as "transformer".
        folder: holds `config.json`.
    """
    # SDXL reads its narrow encoder without a projection.
    unprojected = kind == "text_encoder" and (folder.parent / "unet").is_dir()
    network = CLIPTextModel if unprojected else _KINDS[kind]
    with torch.device("meta"):
        if kind.startswith("text_encoder"):
            built = network(AutoConfig.from_pretrained(str(folder), local_files_only=True))
        else:
            built = network.from_config(network.load_config(str(folder), local_files_only=True))
    assert isinstance(built, torch.nn.Module)  # noqa: S101  # narrows the libraries' Any
    return built


def expected_shapes(kind: str, folder: Path) -> Shapes:
    """Tensor shapes by name that a part's configuration asks for."""
    state = meta_network(kind, folder).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def stored_shapes(folder: Path, *, pickles: bool = False) -> Shapes:
    """Tensor shapes by name in a part's weights files; of safetensors only the headers are read.

    Args:
        folder: the part's.
        pickles: see `load_network`.

    Raises:
        WeightsCorrupt: a file is broken or cut off.
    """
    files = weight_files(folder, pickles=pickles)
    read = _pickled_shapes if files.pickled else _header_shapes
    shapes: Shapes = {}
    for file in files.paths:
        try:
            shapes |= read(file)
        except (SafetensorError, UnpicklingError, EOFError, RuntimeError) as error:
            raise WeightsCorrupt(f"{file} is broken: {first_line(error)}") from error
    return shapes


def _header_shapes(file: Path) -> Shapes:
    with safe_open(file, framework="pt") as content:
        names = content.keys()
        return {name: tuple(content.get_slice(name).get_shape()) for name in names}


def _pickled_shapes(file: Path) -> Shapes:
    tensors = torch.load(file, map_location="meta", weights_only=True)
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def find_problems(
    folder: Path, files: Mapping[str, FileFacts] | None = None, *, pickles: bool = False
) -> list[str]:
    """List what is wrong with a model folder, or a control net's; empty means sound.

    Args:
        folder: in diffusers layout.
        files: facts known of its files; hashes in a `SHA256SUMS` file count as well.
        pickles: see `load_network`.
    """
    problems = [f"{part} is missing" for part in _absent(folder)]
    for kind, part in _parts(folder):
        try:
            stored = stored_shapes(part, pickles=pickles)
            problems += _compare(kind, expected_shapes(kind, part), stored)
        except (WeightsCorrupt, OSError, ValueError) as error:
            problems.append(f"{kind}: {first_line(error)}")
    facts = dict(files or {}) | _read_sums(folder)
    problems += [text for name, known in facts.items() for text in _check_file(folder, name, known)]
    if not facts and not any(_parts(folder)):
        problems.append(f"{folder} holds no model")
    return problems


def write_sums(folder: Path) -> Path:
    """Write `SHA256SUMS` for a model folder's safetensors files, as `sha256sum` would."""
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.safetensors"))
    lines = [f"{_sha256(folder / name)}  {name}\n" for name in names]
    path = folder / SUMS_FILE
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _parts(folder: Path) -> Iterator[tuple[str, Path]]:
    if (folder / "config.json").is_file():
        yield "controlnet", folder
    for kind in _KINDS:
        if (folder / kind / "config.json").is_file():
            yield kind, folder / kind


def _absent(folder: Path) -> Iterator[str]:
    """Networks that the model's index lists and that are not there; T5 may be left out."""
    path = folder / "model_index.json"
    index = read_object(path) if path.is_file() else {}
    for kind in _KINDS:
        listed = kind != "text_encoder_3" and index.get(kind, _NONE) != _NONE
        if listed and not (folder / kind / "config.json").is_file():
            yield kind


def _compare(kind: str, expected: Shapes, stored: Shapes) -> list[str]:
    stored = {
        name if name in expected else name.removeprefix(CLIP_WRAPPER): shape
        for name, shape in stored.items()
    }
    missing = sorted(expected.keys() - stored.keys() - _MAY_LACK)
    wrong = sorted(name for name in expected.keys() & stored if expected[name] != stored[name])
    lack = f"{kind}: {len(missing)} tensors are missing, such as {''.join(missing[:1])}"
    return [lack][: len(missing)] + [
        f"{kind}: {name} is {stored[name]}, its configuration says {expected[name]}"
        for name in wrong[:3]
    ]


def _check_file(folder: Path, name: str, known: FileFacts) -> list[str]:
    path = folder / name
    if not path.is_file():
        return [f"{name} is missing"]
    size = path.stat().st_size
    if known.size is not None and size != known.size:
        return [f"{name} has {size} bytes instead of {known.size}"]
    if known.sha256 is not None and _sha256(path) != known.sha256:
        return [f"{name} is not the published file: its sha256 differs"]
    return []


def _read_sums(folder: Path) -> dict[str, FileFacts]:
    path = folder / SUMS_FILE
    if not path.is_file():
        return {}
    lines = (line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines())
    return {name: FileFacts(sha256=digest) for digest, name in lines}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
