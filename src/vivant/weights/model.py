"""Loaded models: the networks that a pipeline runs, and how they want to be run."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers import (
    AutoencoderKL,
    SD3ControlNetModel,
    SD3Transformer2DModel,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    PreTrainedTokenizerBase,
    T5EncoderModel,
)

from vivant.weights.identity import Identity
from vivant.weights.noise import NoiseSchedule
from vivant.weights.traits import StoryTraits, Traits


@dataclass(frozen=True)
class PoseModel:
    """Stable Diffusion 3 with a pose control net, in evaluation mode.

    Attributes:
        transformer: predicts the velocity n - x0 from noisy latents, text and timestep.
        controlnet: turns an encoded skeleton drawing into residuals for the transformer.
        vae: pictures to latents and back.
        text_encoders: the two CLIP text encoders, the narrower one first.
        tokenizers: theirs.
        text_encoder_3: the T5 encoder, or None.
        tokenizer_3: its tokenizer, or None.
        traits: sizes, shift, text and guidance habits.
        device: where inputs go.
        dtype: number format of the networks.
        source: what was loaded; of a path only its last part.
    """

    transformer: SD3Transformer2DModel
    controlnet: SD3ControlNetModel
    vae: AutoencoderKL
    text_encoders: tuple[CLIPTextModelWithProjection, CLIPTextModelWithProjection]
    tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]
    text_encoder_3: T5EncoderModel | None
    tokenizer_3: PreTrainedTokenizerBase | None
    traits: Traits
    device: torch.device
    dtype: torch.dtype
    source: str = ""


@dataclass(frozen=True)
class StoryModel:
    """Stable Diffusion XL, in evaluation mode.

    Attributes:
        unet: predicts what `noise` says from noisy latents, text, sizes and timestep.
        vae: pictures to latents and back; its own dtype counts, it may be wider than the others'.
        text_encoders: the narrow CLIP, read without a projection, and the wide one, whose
            projection is the pooled text.
        tokenizers: theirs.
        noise: the noise levels of the training, and the kind of prediction.
        traits: sizes, guidance habits and FreeU.
        device: where inputs go.
        dtype: number format of the networks.
        source: what was loaded; of a path only its last part.
        identity: what it needs to draw whom a picture shows; None where it cannot.
    """

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoders: tuple[CLIPTextModel, CLIPTextModelWithProjection]
    tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]
    noise: NoiseSchedule
    traits: StoryTraits
    device: torch.device
    dtype: torch.dtype
    source: str = ""
    identity: Identity | None = None
