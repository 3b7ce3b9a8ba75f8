"""Load a model from one safetensors file, as Stable Diffusion 3 is also published.

Such a file holds transformer, autoencoder and text encoders under their original names. The
configurations, which it lacks, ship with Vivant; the tokenizer's vocabulary comes from the
catalogue.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, SD3Transformer2DModel
from safetensors import SafetensorError, safe_open
from transformers import (
    AutoConfig,
    AutoTokenizer,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5EncoderModel,
)

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.catalog import find_entry
from vivant.weights.folder import PoseParts, load_clip_tokenizers
from vivant.weights.networks import first_line, load_tokenizer
from vivant.weights.pull import Download
from vivant.weights.quiet import quiet_libraries
from vivant.weights.sources import pull

PUBLISHED = Path(__file__).parent / "published" / "sd3-medium"
"""Configurations of the published SD3 medium, without weights and tokenizers."""

_TRANSFORMER = "model.diffusion_model."
_VAE = "first_stage_model."
_ENCODERS = (
    "text_encoders.clip_l.transformer.",
    "text_encoders.clip_g.transformer.",
    "text_encoders.t5xxl.transformer.",
)


def load_single_file(
    file: Path,
    layout: str | None,
    dtype: torch.dtype,
    *,
    t5: bool,
    token: str | None,
    download: Download,
) -> tuple[PoseParts, Path]:
    """Load all parts but the control net.

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
    clip_l, clip_g, t5_prefix = _ENCODERS
    try:
        parts = PoseParts(
            transformer=_convert(SD3Transformer2DModel, file, _TRANSFORMER, folder, dtype),
            vae=_convert(AutoencoderKL, file, _VAE, folder, dtype),
            text_encoders=(
                _load_clip(file, clip_l, folder / "text_encoder", dtype),
                _load_clip(file, clip_g, folder / "text_encoder_2", dtype),
            ),
            tokenizers=_tokenizers(folder, token, download),
            text_encoder_3=_load_t5(file, t5_prefix, folder, dtype) if t5 else None,
            tokenizer_3=load_tokenizer(AutoTokenizer, folder / "tokenizer_3") if t5 else None,
        )
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise WeightsCorrupt(f"{file} cannot be loaded: {first_line(error)}") from error
    return parts, folder


def read_part(file: Path, prefix: str) -> dict[str, torch.Tensor]:
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


def _convert(kind: Any, file: Path, prefix: str, layout: Path, dtype: torch.dtype) -> Any:
    """Load a diffusers network through diffusers' own conversion of the original names."""
    part = "vae" if kind is AutoencoderKL else "transformer"
    with quiet_libraries():
        network = kind.from_single_file(
            read_part(file, prefix), config=str(layout / part), dtype=dtype, local_files_only=True
        )
    left = [name for name, tensor in network.state_dict().items() if tensor.is_meta]
    if left:
        raise WeightsCorrupt(f"{file} lacks {len(left)} tensors of the {part}, such as {left[0]}")
    return network.eval().requires_grad_(requires_grad=False)


def _load_clip(file: Path, prefix: str, config: Path, dtype: torch.dtype) -> Any:
    weights = _strip(read_part(file, prefix), prefix)
    if prefix == _ENCODERS[0]:
        # SD3 takes this encoder's pooled state as it is: whatever the file says, no projection.
        width = AutoConfig.from_pretrained(str(config)).hidden_size
        weights["text_projection.weight"] = torch.eye(width)
    return _fill(CLIPTextModelWithProjection, config, weights, dtype)


def _load_t5(file: Path, prefix: str, layout: Path, dtype: torch.dtype) -> Any:
    weights = _strip(read_part(file, prefix), prefix)
    weights.setdefault("encoder.embed_tokens.weight", weights["shared.weight"])
    return _fill(T5EncoderModel, layout / "text_encoder_3", weights, dtype)


def _strip(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    stripped = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    # A buffer of counting numbers that older versions saved.
    stripped.pop("text_model.embeddings.position_ids", None)
    return stripped


def _fill(kind: Any, config: Path, weights: dict[str, torch.Tensor], dtype: torch.dtype) -> Any:
    network = kind(AutoConfig.from_pretrained(str(config))).to(dtype)
    network.load_state_dict(weights)
    return network.eval().requires_grad_(requires_grad=False)


def _tokenizers(
    layout: Path, token: str | None, download: Download
) -> tuple[CLIPTokenizer, CLIPTokenizer]:
    if (layout / "tokenizer").is_dir() and (layout / "tokenizer_2").is_dir():
        return load_clip_tokenizers(layout)
    shared = pull(find_entry("clip-tokenizer"), t5=False, token=token, download=download)
    first, second = (load_tokenizer(CLIPTokenizer, shared) for _ in range(2))
    second.pad_token = "!"  # noqa: S105  # the padding token of the wider encoder, as published
    return first, second
