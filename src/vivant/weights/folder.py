"""Load a model's parts from a folder in diffusers layout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    SD3ControlNetModel,
    SD3Transformer2DModel,
    UNet2DConditionModel,
)
from transformers import (
    AutoTokenizer,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    PreTrainedTokenizerBase,
    T5EncoderModel,
)

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.catalog import read_catalog
from vivant.weights.config_files import read_object
from vivant.weights.networks import load_network, load_tokenizer
from vivant.weights.noise import NoiseSchedule, read_noise_schedule
from vivant.weights.traits import TRAITS_FILE, StoryTraits, read_story_traits


@dataclass(frozen=True)
class PoseParts:
    """A pose model's networks and tokenizers, without the control net; see `PoseModel`."""

    transformer: SD3Transformer2DModel
    vae: AutoencoderKL
    text_encoders: tuple[CLIPTextModelWithProjection, CLIPTextModelWithProjection]
    tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]
    text_encoder_3: T5EncoderModel | None = None
    tokenizer_3: PreTrainedTokenizerBase | None = None


@dataclass(frozen=True)
class StoryParts:
    """A story model, not yet where it runs; see `StoryModel`."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoders: tuple[CLIPTextModel, CLIPTextModelWithProjection]
    tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]
    noise: NoiseSchedule
    traits: StoryTraits


def check_folder(folder: Path) -> Path:
    """Return a pose model's folder if it looks like one.

    Raises:
        WeightsUnavailable: it does not.
    """
    if not (folder / "transformer" / "config.json").is_file():
        raise WeightsUnavailable(f"{folder} holds no SD3 model: transformer/config.json is missing")
    return folder


def load_folder(folder: Path, dtype: torch.dtype, *, t5: bool) -> PoseParts:
    """Load a pose model's folder; with `t5` also `text_encoder_3` and `tokenizer_3`.

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
    return PoseParts(
        transformer=load_network(SD3Transformer2DModel, folder / "transformer", dtype),
        vae=load_network(AutoencoderKL, folder / "vae", dtype),
        text_encoders=encoders,
        tokenizers=load_clip_tokenizers(folder),
        text_encoder_3=load_network(T5EncoderModel, folder / "text_encoder_3", dtype)
        if t5
        else None,
        tokenizer_3=load_tokenizer(AutoTokenizer, folder / "tokenizer_3") if t5 else None,
    )


def load_controlnet(path: Path, dtype: torch.dtype) -> SD3ControlNetModel:
    """Load a control net from its folder; errors as `load_folder`."""
    return load_network(SD3ControlNetModel, path, dtype)


def load_story_folder(folder: Path, dtype: torch.dtype, *, pickles: bool = False) -> StoryParts:
    """Load a story model's folder.

    Args:
        folder: in diffusers layout.
        dtype: number format of the networks; see `autoencoder_dtype` for the exception.
        pickles: see `load_network`.

    Raises:
        WeightsUnavailable: the folder is no model of this kind, or a part of it is missing.
        WeightsCorrupt: files do not fit their configuration.
    """
    if not (folder / "unet" / "config.json").is_file():
        raise WeightsUnavailable(f"{folder} holds no SDXL model: unet/config.json is missing")
    traits = read_story_traits(folder)
    vae = autoencoder_folder(folder, traits)
    load = partial(load_network, pickles=pickles)
    return StoryParts(
        unet=load(UNet2DConditionModel, folder / "unet", dtype),
        vae=load(AutoencoderKL, vae, autoencoder_dtype(vae, dtype)),
        text_encoders=(
            load(CLIPTextModel, folder / "text_encoder", dtype),
            load(CLIPTextModelWithProjection, folder / "text_encoder_2", dtype),
        ),
        tokenizers=load_clip_tokenizers(folder),
        noise=read_noise_schedule(folder),
        traits=traits,
    )


def autoencoder_folder(folder: Path, traits: StoryTraits) -> Path:
    """Where a story model's autoencoder is: its own, or that of the packaged model it names.

    Raises:
        WeightsCorrupt: it names no model of this package.
    """
    if not traits.vae_of:
        return folder / "vae"
    lender = read_catalog().get(traits.vae_of)
    if lender is None or lender.packaged is None:
        raise WeightsCorrupt(
            f"{folder / TRAITS_FILE}: vae_of is {traits.vae_of!r}; expected a model in the package"
        )
    return lender.packaged / "vae"


def load_clip_tokenizers(folder: Path) -> tuple[CLIPTokenizer, CLIPTokenizer]:
    """Load the tokenizers of both CLIP encoders; errors as `load_tokenizer`."""
    return (
        load_tokenizer(CLIPTokenizer, folder / "tokenizer"),
        load_tokenizer(CLIPTokenizer, folder / "tokenizer_2"),
    )


def autoencoder_dtype(folder: Path, dtype: torch.dtype) -> torch.dtype:
    """The number format for an autoencoder: float32 where float16 would overflow inside it.

    SDXL's does, and says so by `force_upcast` in its configuration.
    """
    config = folder / "config.json"
    if dtype != torch.float16 or not config.is_file():
        return dtype
    return torch.float32 if read_object(config).get("force_upcast", True) else dtype
