"""Rename tensors back to what the original codes call them, to make single files for tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

Tensors = dict[str, torch.Tensor]

_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}

_UNET_STEMS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_OPEN_CLIP = {
    "embeddings.position_embedding.weight": "positional_embedding",
    "embeddings.token_embedding": "token_embedding",
    "encoder.layers": "transformer.resblocks",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn": "attn",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "final_layer_norm": "ln_final",
}
_QKV = ("q_proj", "k_proj", "v_proj")


def original_transformer(weights: Tensors, layers: int) -> Tensors:
    """Rename and fuse a diffusers transformer's tensors as the original code has them."""
    plain = {
        "pos_embed.pos_embed": "pos_embed",
        "pos_embed.proj": "x_embedder.proj",
        "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
        "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
        "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
        "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
        "context_embedder": "context_embedder",
        "proj_out": "final_layer.linear",
        "norm_out.linear": "final_layer.adaLN_modulation.1",
    }
    for layer in range(layers):
        ours, theirs = f"transformer_blocks.{layer}", f"joint_blocks.{layer}"
        for mine, block in (("", "x_block"), ("_context", "context_block")):
            plain[f"{ours}.norm1{mine}.linear"] = f"{theirs}.{block}.adaLN_modulation.1"
            plain[f"{ours}.ff{mine}.net.0.proj"] = f"{theirs}.{block}.mlp.fc1"
            plain[f"{ours}.ff{mine}.net.2"] = f"{theirs}.{block}.mlp.fc2"
        plain[f"{ours}.attn.to_out.0"] = f"{theirs}.x_block.attn.proj"
        plain[f"{ours}.attn.to_add_out"] = f"{theirs}.context_block.attn.proj"
    named: Tensors = {}
    fused: dict[str, list[torch.Tensor]] = {}
    order = ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj")
    for name, tensor in sorted(weights.items(), key=lambda item: _rank(item[0], order)):
        stem, _, kind = name.rpartition(".")
        short = stem.rpartition(".")[2]
        if short in order:
            layer = stem.split(".")[1]
            block = "x_block" if short.startswith("to_") else "context_block"
            fused.setdefault(f"joint_blocks.{layer}.{block}.attn.qkv.{kind}", []).append(tensor)
        elif name == "pos_embed.pos_embed":
            named["pos_embed"] = tensor
        else:
            named[f"{plain[stem]}.{kind}"] = tensor
    named |= {name: torch.cat(tensors) for name, tensors in fused.items()}
    last = f"joint_blocks.{layers - 1}.context_block.adaLN_modulation.1"
    for name in ("final_layer.adaLN_modulation.1", last):
        for kind in ("weight", "bias"):
            # The original code says shift, scale; diffusers says scale, shift.
            named[f"{name}.{kind}"] = torch.cat(named[f"{name}.{kind}"].chunk(2)[::-1])
    return named


def _rank(name: str, order: tuple[str, ...]) -> int:
    short = name.split(".")[-2]
    return order.index(short) if short in order else -1


def original_vae(weights: Tensors) -> Tensors:
    """Rename an autoencoder's tensors; here it has four levels."""
    named: Tensors = {}
    for name, tensor in weights.items():
        new = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        for ours, theirs in _ATTENTION.items():
            new = new.replace(f"mid_block.attentions.0.{ours}.", f"mid.attn_1.{theirs}.")
        new = new.replace("mid_block.resnets.0", "mid.block_1")
        new = new.replace("mid_block.resnets.1", "mid.block_2")
        for level in range(4):
            for sampler, short in (("downsamplers", "downsample"), ("upsamplers", "upsample")):
                old = "down" if short == "downsample" else "up"
                place = level if old == "down" else 3 - level
                prefix = f"{old}_blocks.{level}."
                new = new.replace(f"{prefix}{sampler}.0.", f"{old}.{place}.{short}.")
                new = new.replace(f"{prefix}resnets.", f"{old}.{place}.block.")
        # The original attention is made of 1 x 1 convolutions.
        pointwise = ".mid.attn_1." in new and tensor.ndim == 2
        named[new] = tensor[:, :, None, None] if pointwise else tensor
    return named


def original_unet(weights: Tensors, layers_per_block: int) -> Tensors:
    """Rename an SDXL UNet's tensors as the original code has them."""
    return {_unet_name(name, layers_per_block + 1): tensor for name, tensor in weights.items()}


def _unet_name(name: str, run: int) -> str:
    """One name; a run is what a level takes of the numbering: its blocks and the sampler's place.

    Up levels have a block more than down levels, and their sampler shares the last one's number.
    """
    for ours, theirs in _UNET_STEMS.items():
        name = re.sub(rf"^{re.escape(ours)}\.", f"{theirs}.", name)
    if ".resnets." in name:
        for ours, theirs in _RESNET.items():
            name = name.replace(f".{ours}.", f".{theirs}.")

    def down(match: re.Match[str]) -> str:
        level, kind, layer = int(match[1]), match[2], int(match[3])
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * run}.0.op."
        return f"input_blocks.{1 + level * run + layer}.{_place(kind)}."

    def up(match: re.Match[str]) -> str:
        level, kind, layer = int(match[1]), match[2], int(match[3])
        if kind == "upsamplers":
            return f"output_blocks.{(level + 1) * run - 1}.2.conv."
        return f"output_blocks.{level * run + layer}.{_place(kind)}."

    name = re.sub(r"^down_blocks\.(\d+)\.(\w+)\.(\d+)\.(?:conv\.)?", down, name)
    name = re.sub(r"^up_blocks\.(\d+)\.(\w+)\.(\d+)\.(?:conv\.)?", up, name)
    name = name.replace("mid_block.attentions.0.", "middle_block.1.")
    return re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"middle_block.{2 * int(m[1])}", name)


def _place(kind: str) -> int:
    return 1 if kind == "attentions" else 0


def original_open_clip(weights: Tensors) -> Tensors:
    """Rename and fuse a CLIP text encoder's tensors as OpenCLIP has them."""
    named: Tensors = {}
    fused: dict[str, list[torch.Tensor]] = {}
    for name, tensor in sorted(weights.items(), key=lambda item: _rank(item[0], _QKV)):
        if name == "text_projection.weight":
            named["text_projection"] = tensor.T
            continue
        new = name.removeprefix("text_model.")
        for ours, theirs in _OPEN_CLIP.items():
            new = new.replace(ours, theirs)
        stem, _, kind = new.rpartition(".")
        if stem.endswith(_QKV):
            fused.setdefault(f"{stem.rpartition('.')[0]}.in_proj_{kind}", []).append(tensor)
        else:
            named[new] = tensor
    # A scale that only matters where pictures are compared with texts.
    return (
        named
        | {name: torch.cat(parts) for name, parts in fused.items()}
        | {"logit_scale": torch.tensor(4.6)}
    )


def save_parts(parts: Mapping[str, Tensors], file: Path) -> Path:
    """Write parts as one file, each under its prefix."""
    tensors = {
        f"{prefix}{name}": tensor.contiguous().clone()
        for prefix, part in parts.items()
        for name, tensor in part.items()
    }
    save_file(tensors, file)
    return file
