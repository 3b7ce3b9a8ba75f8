"""Load single networks and tokenizers from their folders; safetensors only, nothing left random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.quiet import quiet_libraries

HALF_PRECISION = "fp16"
"""The variant under which repositories publish half-precision doubles of their files."""


def weight_files(folder: Path) -> tuple[str | None, list[Path]]:
    """The files that hold a network: its main ones, else its half-precision doubles.

    Returns:
        The files' variant, None for the main ones, and the files, sorted; none where there are no
        safetensors at all.
    """
    files = sorted(folder.glob("*.safetensors"))
    main = [file for file in files if f".{HALF_PRECISION}" not in file.name]
    return (None, main) if main or not files else (HALF_PRECISION, files)


def load_network(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """Load one diffusers or transformers network in evaluation mode, on the CPU.

    Both libraries fill missing tensors with random numbers and go on; here that is an error.

    Raises:
        WeightsUnavailable: a file is missing.
        WeightsCorrupt: files do not fit their configuration.
    """
    if not (folder / "config.json").is_file():
        raise WeightsUnavailable(f"{folder / 'config.json'} is missing")
    variant, files = weight_files(folder)
    if not files:
        raise WeightsUnavailable(f"{folder} holds no .safetensors file; pickles are not loaded")
    try:
        with quiet_libraries():
            network, report = kind.from_pretrained(
                str(folder),
                dtype=dtype,
                variant=variant,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
    except Exception as error:
        # The libraries raise errors of many unrelated classes for a broken file.
        raise WeightsCorrupt(f"{folder} cannot be loaded: {first_line(error)}") from error
    missing = sorted(report["missing_keys"])
    if missing:
        raise WeightsCorrupt(f"{folder} lacks {len(missing)} tensors, such as {missing[0]}")
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


def first_line(error: Exception) -> str:
    """An error's first line, or its class where it says nothing."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
