"""Load networks from a folder in diffusers layout; safetensors only, and nothing left random."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, SD3ControlNetModel, SD3Transformer2DModel
from transformers import (
    AutoTokenizer,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    PreTrainedTokenizerBase,
    T5EncoderModel,
)

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.quiet import quiet_libraries


@dataclass(frozen=True)
class Parts:
    """A model's networks and tokenizers, without the control net; see `PoseModel`."""

    transformer: SD3Transformer2DModel
    vae: AutoencoderKL
    text_encoders: tuple[CLIPTextModelWithProjection, CLIPTextModelWithProjection]
    tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]
    text_encoder_3: T5EncoderModel | None = None
    tokenizer_3: PreTrainedTokenizerBase | None = None


def check_folder(folder: Path) -> Path:
    """Return a model folder that looks like one.

    Raises:
        WeightsUnavailable: it does not.
    """
    if not (folder / "transformer" / "config.json").is_file():
        raise WeightsUnavailable(f"{folder} holds no SD3 model: transformer/config.json is missing")
    return folder


def load_folder(folder: Path, dtype: torch.dtype, *, t5: bool) -> Parts:
    """Load a model folder; with `t5` also `text_encoder_3` and `tokenizer_3`.

    Raises:
        WeightsUnavailable: the folder is no model of this kind, or a part of it is missing.
        WeightsCorrupt: files do not fit their configuration.
    """
    check_folder(folder)
    if t5 and not (folder / "text_encoder_3" / "config.json").is_file():
        raise WeightsUnavailable(f"{folder} has no text_encoder_3; load it without T5")
    encoders = (
        load_network(CLIPTextModelWithProjection, folder / "text_encoder", dtype),
        load_network(CLIPTextModelWithProjection, folder / "text_encoder_2", dtype),
    )
    return Parts(
        transformer=load_network(SD3Transformer2DModel, folder / "transformer", dtype),
        vae=load_network(AutoencoderKL, folder / "vae", dtype),
        text_encoders=encoders,
        tokenizers=(
            load_tokenizer(CLIPTokenizer, folder / "tokenizer"),
            load_tokenizer(CLIPTokenizer, folder / "tokenizer_2"),
        ),
        text_encoder_3=load_network(T5EncoderModel, folder / "text_encoder_3", dtype)
        if t5
        else None,
        tokenizer_3=load_tokenizer(AutoTokenizer, folder / "tokenizer_3") if t5 else None,
    )


def load_controlnet(path: Path, dtype: torch.dtype) -> SD3ControlNetModel:
    """Load a control net from its folder; errors as `load_folder`."""
    return load_network(SD3ControlNetModel, path, dtype)


def load_network(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """Load one diffusers or transformers network in evaluation mode, on the CPU.

    Both libraries fill missing tensors with random numbers and go on; here that is an error.
    """
    if not (folder / "config.json").is_file():
        raise WeightsUnavailable(f"{folder / 'config.json'} is missing")
    if not any(folder.glob("*.safetensors")):
        raise WeightsUnavailable(f"{folder} holds no .safetensors file; pickles are not loaded")
    try:
        with quiet_libraries():
            network, report = kind.from_pretrained(
                str(folder),
                dtype=dtype,
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
    """Load one tokenizer from its folder."""
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
