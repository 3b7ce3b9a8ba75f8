"""Read networks out of a checkpoint: one safetensors file with all parts under their old names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKL
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, CLIPTokenizer

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.catalog import find_entry
from vivant.weights.folder import load_clip_tokenizers
from vivant.weights.networks import CLIP_WRAPPER, first_line, load_tokenizer, refuse_gaps
from vivant.weights.pull import Download
from vivant.weights.quiet import quiet_libraries
from vivant.weights.sources import pull

Tensors = dict[str, torch.Tensor]

_POSITIONS = "embeddings.position_ids"
"""A buffer of counting numbers that older versions saved."""


@contextmanager
def told_as_corrupt(file: Path) -> Iterator[None]:
    """Turn what the libraries raise for a file that does not fit into our error."""
    try:
        yield
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise WeightsCorrupt(f"{file} cannot be loaded: {first_line(error)}") from error


def tensor_names(file: Path) -> list[str]:
    """Names of all tensors in a file, from its header."""
    with safe_open(file, framework="pt") as content:
        return list(content.keys())


def read_part(file: Path, prefix: str) -> Tensors:
    """Read the tensors whose names start with the prefix; the others stay on disk.

    Raises:
        WeightsUnavailable: there are none.
    """
    with safe_open(file, framework="pt") as content:
        names = [name for name in content.keys() if name.startswith(prefix)]  # noqa: SIM118  # no dict
        tensors = {name: content.get_tensor(name) for name in names}
    if not tensors:
        raise WeightsUnavailable(
            f"{file} holds no {prefix}* tensors: take a file with the text encoders included, "
            "or a diffusers folder"
        )
    return tensors


def convert(kind: Any, file: Path, prefix: str, config: Path, dtype: torch.dtype) -> Any:
    """Load a diffusers network through diffusers' own conversion of the original names.

    Args:
        kind: the network's class.
        file: the checkpoint.
        prefix: of the network's tensors in it.
        config: the folder that holds the network's `config.json`.
        dtype: number format.

    Raises:
        WeightsUnavailable: the file has no tensors with the prefix.
        WeightsCorrupt: it lacks some.
    """
    with quiet_libraries():
        network = kind.from_single_file(
            read_part(file, prefix), config=str(config), dtype=dtype, local_files_only=True
        )
    left = [name for name, tensor in network.state_dict().items() if tensor.is_meta]
    refuse_gaps(f"{file}: {config.name}", left)
    return network.eval().requires_grad_(requires_grad=False)


def convert_vae(file: Path, config: Path, dtype: torch.dtype) -> Any:
    """Load the autoencoder; else as `convert`."""
    return convert(AutoencoderKL, file, "first_stage_model.", config, dtype)


def fill(kind: Any, file: Path, config: Path, weights: Tensors, dtype: torch.dtype) -> Any:
    """Build a transformers network around tensors that have its own names.

    Args:
        kind: the network's class.
        file: where the tensors come from, for messages.
        config: the folder that holds the network's `config.json`.
        weights: tensors; what the network does not know is left out.
        dtype: number format.

    Raises:
        WeightsCorrupt: tensors are missing.
    """
    with init_empty_weights():
        network = kind(AutoConfig.from_pretrained(str(config)))
    named = _names_for(network, weights)
    missing = network.load_state_dict(named, strict=False, assign=True).missing_keys
    refuse_gaps(f"{file}: {config.name}", missing)
    return network.to(dtype).eval().requires_grad_(requires_grad=False)


def _names_for(network: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> Tensors:
    known = network.state_dict().keys()
    return {
        name if name in known else name.removeprefix(CLIP_WRAPPER): tensor
        for name, tensor in weights.items()
        if not name.endswith(_POSITIONS)
    }


def read_stripped(file: Path, prefix: str) -> Tensors:
    """Read a part's tensors and take the prefix off their names; errors as `read_part`."""
    return {name.removeprefix(prefix): tensor for name, tensor in read_part(file, prefix).items()}


def clip_tokenizers(
    layout: Path, token: str | None, download: Download
) -> tuple[CLIPTokenizer, CLIPTokenizer]:
    """Load both tokenizers from a layout, or where it has none CLIP's own from the catalogue."""
    if (layout / "tokenizer").is_dir() and (layout / "tokenizer_2").is_dir():
        return load_clip_tokenizers(layout)
    shared = pull(find_entry("clip-tokenizer"), t5=False, token=token, download=download)
    first, second = (load_tokenizer(CLIPTokenizer, shared) for _ in range(2))
    second.pad_token = "!"  # noqa: S105  # the padding token of the wider encoder, as published
    return first, second
