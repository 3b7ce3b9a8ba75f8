"""Load single networks and tokenizers from their folders, with nothing left random."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.quiet import quiet_libraries

HALF_PRECISION = "fp16"
"""The variant under which repositories publish half-precision doubles of their files."""


CLIP_WRAPPER = "text_model."
"""Stands before all names of a text encoder in files, and no longer in a `CLIPTextModel`."""


@dataclass(frozen=True)
class WeightFiles:
    """The files that hold one network.

    Attributes:
        paths: sorted; none where there is nothing to load.
        variant: None for the main files, "fp16" for their half-precision doubles.
        pickled: whether they are pickles.
    """

    paths: tuple[Path, ...] = ()
    variant: str | None = None
    pickled: bool = False


def weight_files(folder: Path, *, pickles: bool = False) -> WeightFiles:
    """Find a network's files: safetensors before pickles, main files before their doubles.

    Args:
        folder: of the network.
        pickles: whether pickles count at all.
    """
    kinds = [("*.safetensors", False), ("*pytorch_model*.bin", True)]
    for pattern, pickled in kinds[: 1 + pickles]:
        files = sorted(folder.glob(pattern))
        doubles = tuple(file for file in files if f".{HALF_PRECISION}" in file.name)
        main = tuple(file for file in files if file not in doubles)
        if main or doubles:
            return WeightFiles(main or doubles, None if main else HALF_PRECISION, pickled)
    return WeightFiles()


def load_network(kind: Any, folder: Path, dtype: torch.dtype, *, pickles: bool = False) -> Any:
    """Load one diffusers or transformers network in evaluation mode, on the CPU.

    Both libraries fill missing tensors with random numbers and go on; here that is an error.

    Args:
        kind: the network's class.
        folder: holds `config.json` and the weights.
        dtype: number format.
        pickles: take pickles where there are no safetensors. Both libraries open them with torch's
            restricted unpickler (`weights_only`), which builds tensors and calls nothing else.

    Raises:
        WeightsUnavailable: a file is missing.
        WeightsCorrupt: files do not fit their configuration.
    """
    if not (folder / "config.json").is_file():
        raise WeightsUnavailable(f"{folder / 'config.json'} is missing")
    files = weight_files(folder, pickles=pickles)
    if not files.paths:
        raise WeightsUnavailable(f"{folder} holds no .safetensors file; pickles are not loaded")
    try:
        with quiet_libraries():
            network, report = kind.from_pretrained(
                str(folder),
                dtype=dtype,
                variant=files.variant,
                use_safetensors=not files.pickled,
                local_files_only=True,
                output_loading_info=True,
            )
    except Exception as error:
        # The libraries raise errors of many unrelated classes for a broken file.
        raise WeightsCorrupt(f"{folder} cannot be loaded: {first_line(error)}") from error
    refuse_gaps(str(folder), report["missing_keys"])
    return network.eval().requires_grad_(requires_grad=False)


def load_tokenizer(kind: Any, folder: Path) -> Any:
    """Load one tokenizer from its folder; errors as `load_network`."""
    if not folder.is_dir():
        raise WeightsUnavailable(f"{folder} is missing")
    try:
        with quiet_libraries():
            return kind.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:
        raise WeightsCorrupt(f"{folder} cannot be loaded: {first_line(error)}") from error


def refuse_gaps(where: str, missing: Collection[str]) -> None:
    """Make missing tensors an error.

    Raises:
        WeightsCorrupt: there are any.
    """
    if missing:
        raise WeightsCorrupt(f"{where} lacks {len(missing)} tensors, such as {min(missing)}")


def first_line(error: Exception) -> str:
    """An error's first line, or its class where it says nothing."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
