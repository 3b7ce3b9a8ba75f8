"""Tiny random story models in the published folder layout; see `tiny` for their use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    UNet2DConditionModel,
)
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from vivant.weights.quiet import quiet_libraries
from vivant.weights.tiny_text import WIDTH, save_clips, write_json

Flavour = Literal["published", "embedded"]

_TIME_WIDTH = 8
"""Width of the embedding of each of the six size numbers."""

_BETAS: Mapping[str, Any] = MappingProxyType(
    {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
)


def save_tiny_story_model(
    folder: str | Path,
    *,
    seed: int = 0,
    flavour: Flavour = "published",
    layers_per_block: int = 1,
    native_size: int = 64,
    token_length: int = 77,
    vae: bool = True,
    traits: Mapping[str, object] | None = None,
) -> Path:
    """Write a tiny random SDXL pipeline as a diffusers folder.

    Its self-attention sits on grids of height / 16 x width / 16 and height / 32 x width / 32
    tokens, so sizes are multiples of 32. Weights are float32 safetensors.

    Args:
        folder: made if need be; receives `model_index.json`, `unet/`, `vae/`, `text_encoder/`,
            `text_encoder_2/`, `tokenizer/`, `tokenizer_2/`, `scheduler/` and `vivant.json`.
        seed: weights are drawn from it; the global random state is left alone.
        flavour: "published": 8 pixels to a latent of 4 channels, three levels of which the finest
            has no attention, noise prediction, as SDXL; "embedded": 16 pixels to a latent of 16
            channels, two levels, v-prediction, as the model inside the package.
        layers_per_block: residual blocks of each down block; up blocks have one more.
        native_size: side in pixels that the model counts as its own.
        token_length: longest text in tokens, start and end included.
        vae: whether to write an autoencoder.
        traits: more for `vivant.json`, such as {"freeu": False} or {"vae_of": "embedded"}.

    Returns:
        The folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with quiet_libraries(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _unet(flavour, layers_per_block, native_size).save_pretrained(str(folder / "unet"))
        if vae:
            _vae(flavour, native_size).save_pretrained(str(folder / "vae"))
        save_clips(folder, (CLIPTextModel, CLIPTextModelWithProjection), token_length)
    _scheduler(flavour).save_pretrained(str(folder / "scheduler"))
    write_json(folder / "model_index.json", _model_index(_scheduler(flavour), vae=vae))
    write_json(folder / "vivant.json", {"native_size": native_size} | dict(traits or {}))
    return folder


def _unet(flavour: Flavour, layers_per_block: int, native_size: int) -> UNet2DConditionModel:
    down: tuple[str, ...]
    up: tuple[str, ...]
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    if flavour == "published":
        down = ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D")
        up = ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D")
        widths, depths, channels, factor = (8, 16, 16), (1, 1, 2), 4, 8
    else:
        down, up = ("CrossAttnDownBlock2D",) * 2, ("CrossAttnUpBlock2D",) * 2
        widths, depths, channels, factor = (8, 16), (1, 2), 16, 16
    return UNet2DConditionModel(
        sample_size=native_size // factor,
        in_channels=channels,
        out_channels=channels,
        down_block_types=down,
        up_block_types=up,
        block_out_channels=widths,
        transformer_layers_per_block=depths,
        attention_head_dim=tuple(width // 8 for width in widths),
        layers_per_block=layers_per_block,
        norm_num_groups=4,
        cross_attention_dim=2 * WIDTH,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_TIME_WIDTH,
        projection_class_embeddings_input_dim=WIDTH + 6 * _TIME_WIDTH,
    )


def _vae(flavour: Flavour, native_size: int) -> AutoencoderKL:
    published = flavour == "published"
    levels = 4 if published else 5
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=(4,) * levels,
        latent_channels=4 if published else 16,
        norm_num_groups=1,
        sample_size=native_size,
        scaling_factor=0.13025 if published else 1.0,
        use_quant_conv=published,
        use_post_quant_conv=published,
        mid_block_add_attention=published,
        force_upcast=True,
    )


def _scheduler(flavour: Flavour) -> Any:
    if flavour == "published":
        return EulerDiscreteScheduler(**_BETAS, steps_offset=1, timestep_spacing="leading")
    return DDIMScheduler(
        **_BETAS, prediction_type="v_prediction", timestep_spacing="trailing", clip_sample=False
    )


def _model_index(scheduler: Any, *, vae: bool) -> dict[str, object]:
    return {
        "_class_name": "StableDiffusionXLPipeline",
        "force_zeros_for_empty_prompt": True,
        "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"] if vae else [None, None],
    }
