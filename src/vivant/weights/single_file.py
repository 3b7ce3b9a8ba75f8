"""Load a model from one safetensors file, as Stable Diffusion 3 and XL are also published.

Such a file holds the networks under their original names. The configurations, which it lacks, ship
with Vivant; the tokenizer's vocabulary comes from the catalogue.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers import SD3Transformer2DModel, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint
from transformers import (
    AutoConfig,
    AutoTokenizer,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    T5EncoderModel,
)

from vivant.weights.checkpoint import (
    clip_tokenizers,
    convert,
    convert_vae,
    fill,
    read_part,
    read_stripped,
    tensor_names,
    told_as_corrupt,
)
from vivant.weights.folder import PoseParts, StoryParts, autoencoder_dtype
from vivant.weights.networks import load_tokenizer, refuse_gaps
from vivant.weights.noise import NoiseSchedule, read_noise_schedule
from vivant.weights.pull import Download
from vivant.weights.traits import read_story_traits

_HERE = Path(__file__).parent

PUBLISHED = _HERE / "published" / "sd3-medium"
"""Configurations of the published SD3 medium, without weights and tokenizers."""

PUBLISHED_STORY = _HERE / "published" / "sdxl"
"""The same of SDXL."""

_DENOISER = "model.diffusion_model."
_POSE_ENCODERS = (
    "text_encoders.clip_l.transformer.",
    "text_encoders.clip_g.transformer.",
    "text_encoders.t5xxl.transformer.",
)
_STORY_ENCODERS = ("conditioner.embedders.0.transformer.", "conditioner.embedders.1.model.")

_PREDICTS_V = "v_pred"
_ENDS_IN_NOISE = "ztsnr"
"""Empty tensors by which files say how they were trained."""


def load_single_file(
    file: Path,
    layout: str | None,
    dtype: torch.dtype,
    *,
    t5: bool,
    token: str | None,
    download: Download,
) -> tuple[PoseParts, Path]:
    """Load all parts of a pose model but the control net.

    Args:
        file: the safetensors file; must hold the CLIP encoders ("..._incl_clips").
        layout: diffusers folder with the configurations, and the tokenizers unless they are CLIP's
            own; None for those of SD3 medium.
        dtype: number format of the networks.
        t5: load the T5 encoder too.
        token: for the hub.
        download: fetches the CLIP vocabulary where the layout has none.

    Returns:
        The parts, and the folder whose traits apply.

    Raises:
        WeightsUnavailable: the file lacks a part.
        WeightsCorrupt: it does not fit the layout.
    """
    folder = Path(layout) if layout else PUBLISHED
    clip_l, clip_g, t5_prefix = _POSE_ENCODERS
    narrow, wide = folder / "text_encoder", folder / "text_encoder_2"
    with told_as_corrupt(file):
        parts = PoseParts(
            transformer=convert(
                SD3Transformer2DModel, file, _DENOISER, folder / "transformer", dtype
            ),
            vae=convert_vae(file, folder / "vae", dtype),
            text_encoders=(
                _unprojected_clip(file, clip_l, narrow, dtype),
                fill(CLIPTextModelWithProjection, file, wide, read_stripped(file, clip_g), dtype),
            ),
            tokenizers=clip_tokenizers(folder, token, download),
            text_encoder_3=_load_t5(file, t5_prefix, folder / "text_encoder_3", dtype)
            if t5
            else None,
            tokenizer_3=load_tokenizer(AutoTokenizer, folder / "tokenizer_3") if t5 else None,
        )
    return parts, folder


def load_story_file(
    file: Path,
    layout: str | None,
    dtype: torch.dtype,
    *,
    token: str | None,
    download: Download,
) -> StoryParts:
    """Load a story model; arguments and errors as `load_single_file`."""
    folder = Path(layout) if layout else PUBLISHED_STORY
    clip_l, clip_g = _STORY_ENCODERS
    narrow, wide, vae = folder / "text_encoder", folder / "text_encoder_2", folder / "vae"
    with told_as_corrupt(file):
        return StoryParts(
            unet=convert(UNet2DConditionModel, file, _DENOISER, folder / "unet", dtype),
            vae=convert_vae(file, vae, autoencoder_dtype(vae, dtype)),
            text_encoders=(
                fill(CLIPTextModel, file, narrow, read_stripped(file, clip_l), dtype),
                _open_clip(file, clip_g, wide, dtype),
            ),
            tokenizers=clip_tokenizers(folder, token, download),
            noise=_noise(file, folder),
            traits=read_story_traits(folder),
        )


def _unprojected_clip(file: Path, prefix: str, config: Path, dtype: torch.dtype) -> Any:
    """SD3's narrow encoder: its pooled state is taken as it is, whatever projection a file has."""
    width = AutoConfig.from_pretrained(str(config)).hidden_size
    weights = read_stripped(file, prefix) | {"text_projection.weight": torch.eye(width)}
    return fill(CLIPTextModelWithProjection, file, config, weights, dtype)


def _open_clip(file: Path, prefix: str, config: Path, dtype: torch.dtype) -> Any:
    """SDXL's wide encoder, whose tensors have OpenCLIP's names and fused attention."""
    tensors = read_part(file, prefix)
    refuse_gaps(f"{file}: {config.name}", {f"{prefix}text_projection"} - tensors.keys())
    weights = convert_open_clip_checkpoint(None, tensors, prefix=prefix)
    return fill(CLIPTextModelWithProjection, file, config, weights, dtype)


def _load_t5(file: Path, prefix: str, config: Path, dtype: torch.dtype) -> Any:
    weights = read_stripped(file, prefix)
    weights.setdefault("encoder.embed_tokens.weight", weights["shared.weight"])
    return fill(T5EncoderModel, file, config, weights, dtype)


def _noise(file: Path, folder: Path) -> NoiseSchedule:
    noise = read_noise_schedule(folder)
    names = tensor_names(file)
    if _PREDICTS_V in names:
        noise = replace(noise, prediction_type="v_prediction")
    if _ENDS_IN_NOISE in names:
        noise = replace(noise, rescale_betas_zero_snr=True)
    return noise
