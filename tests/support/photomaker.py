"""Tiny random PhotoMakers, in the layout of the published file."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPVisionConfig

from vivant.weights.identity import ENCODER, LORA
from vivant.weights.identity_encoder import IdentityEncoder

RANK = 3


def tiny_encoder(narrower: int, wider: int) -> IdentityEncoder:
    """An encoder for prompts of width narrower + wider."""
    config = CLIPVisionConfig(
        hidden_size=64,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=1,
        image_size=28,
        patch_size=14,
        projection_dim=narrower,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return IdentityEncoder(config, wider).eval()


def tiny_lora(unet: UNet2DConditionModel) -> dict[str, Tensor]:
    """A LoRA of a UNet's attention, with the names that files have today."""
    random = torch.Generator().manual_seed(6)
    tensors = {}
    for name, part in unet.named_modules():
        if name.endswith((".to_q", ".to_v")):
            shapes = {"lora_A": (RANK, part.in_features), "lora_B": (part.out_features, RANK)}
            for half, shape in shapes.items():
                tensors[f"unet.{name}.{half}.weight"] = 0.1 * torch.randn(shape, generator=random)
    return tensors


def with_old_names(lora: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same with the names that files had when PhotoMaker was published."""
    return {
        name.replace(".to_q.", ".processor.to_q_lora.")
        .replace(".to_v.", ".processor.to_v_lora.")
        .replace("lora.lora_A", "lora.down")
        .replace("lora.lora_B", "lora.up"): tensor
        for name, tensor in lora.items()
    }


def save_photomaker(
    file: Path, encoder: IdentityEncoder, lora: dict[str, Tensor], **more: object
) -> Path:
    """Write the pickle that is published, or one that is a little else."""
    parts = {"id_encoder": encoder.state_dict(), "lora_weights": lora}
    torch.save(parts | more, file)
    return file


def save_adapter(
    file: Path, encoder: IdentityEncoder, lora: dict[str, Tensor], metadata: dict[str, str]
) -> Path:
    """Write safetensors, as the package ships them."""
    named = {f"{ENCODER}.{name}": tensor for name, tensor in encoder.state_dict().items()}
    named |= {f"{LORA}.{name}": tensor for name, tensor in lora.items()}
    save_file(named, file, metadata)
    return file
