"""Sizes of the embedded pose model, and its folder in diffusers layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    SD3ControlNetModel,
    SD3Transformer2DModel,
)
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

TEXT_LENGTH = 40
WIDTHS = (128, 64)
"""Widths of the two text encoders; side by side they give `joint_attention_dim`."""

SIZES: dict[str, dict[str, int]] = {
    "small": {"layers": 8, "heads": 6, "head_width": 32, "control_layers": 3, "patch": 2},
    "sharp": {"layers": 8, "heads": 6, "head_width": 32, "control_layers": 3, "patch": 1},
    "fine": {"layers": 10, "heads": 2, "head_width": 64, "control_layers": 3, "patch": 1},
    "large": {"layers": 10, "heads": 4, "head_width": 64, "control_layers": 4, "patch": 1},
}
"""`small` is where two CPU cores begin; `sharp`, which ships, goes on from it with a token a latent
(`halve_patches`). `fine` has one from the start and is narrower; `large` wants a GPU."""


def text_encoder(vocabulary: int, width: int, layers: int, kind: Any = None) -> Any:
    """A small CLIP text model, its embeddings spread wide: the network reads a shallow layer.

    Args:
        vocabulary: tokens; the last two are the start and the end of a text.
        width: of the hidden states, and of the projection.
        layers: of the transformer.
        kind: the class; by default the one with a projection.
    """
    config = CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 32,
        max_position_embeddings=TEXT_LENGTH,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )
    model = (kind or CLIPTextModelWithProjection)(config)
    for name, parameter in model.named_parameters():
        if name.endswith("token_embedding.weight"):
            nn.init.normal_(parameter, std=0.5)
        elif name.endswith("position_embedding.weight"):
            nn.init.normal_(parameter, std=0.1)
    return model


class PoseNetworks(nn.Module):
    """Transformer, control net and both text encoders, trained as one."""

    def __init__(self, vocabulary: int, size: str = "sharp") -> None:
        super().__init__()
        s = SIZES[size]
        width = s["heads"] * s["head_width"]
        shared: dict[str, Any] = {
            "sample_size": 16,
            "patch_size": s["patch"],
            "in_channels": 16,
            "out_channels": 16,
            "attention_head_dim": s["head_width"],
            "num_attention_heads": s["heads"],
            "caption_projection_dim": width,
            "pooled_projection_dim": sum(WIDTHS),
            "pos_embed_max_size": 64 // s["patch"],
            "qk_norm": "rms_norm",
        }
        self.transformer = SD3Transformer2DModel(
            num_layers=s["layers"], joint_attention_dim=sum(WIDTHS), **shared
        )
        self.controlnet = SD3ControlNetModel(
            num_layers=s["control_layers"],
            joint_attention_dim=None,
            force_zeros_for_pooled_projection=True,
            **shared,
        )
        self.text = nn.ModuleList(
            [text_encoder(vocabulary, WIDTHS[0], 3), text_encoder(vocabulary, WIDTHS[1], 2)]
        )
        self._initialise()

    def _initialise(self) -> None:
        """AdaLN and output layers start at zero (Peebles & Xie 2023); control layers do not."""
        for net in (self.transformer, self.controlnet):
            for name, module in net.named_modules():
                if isinstance(module, nn.Linear) and ("norm1" in name or "norm_out" in name):
                    nn.init.zeros_(module.weight)
                    nn.init.zeros_(module.bias)
        nn.init.zeros_(self.transformer.proj_out.weight)
        nn.init.zeros_(self.transformer.proj_out.bias)
        for block in self.controlnet.controlnet_blocks:
            nn.init.normal_(block.weight, std=0.02)
        nn.init.normal_(self.controlnet.pos_embed_input.proj.weight, std=0.05)

    def read(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Token ids [b, TEXT_LENGTH] to tokens [b, TEXT_LENGTH, 192] and pooled [b, 192]."""
        tokens, pooled = [], []
        for encoder in self.text:
            out = encoder(ids, output_hidden_states=True)
            tokens.append(out.hidden_states[-2])
            pooled.append(out.text_embeds)
        return torch.cat(tokens, -1), torch.cat(pooled, -1)

    def forward(
        self, x: Tensor, sigma: Tensor, ids: Tensor, control: Tensor, strength: Tensor
    ) -> Tensor:
        """The velocity for noisy latents [b, 16, h, w]; sigma and strength are [b]."""
        tokens, pooled = self.read(ids)
        residuals = self.controlnet(
            hidden_states=x,
            timestep=sigma * 1000,
            encoder_hidden_states=None,
            pooled_projections=torch.zeros_like(pooled),
            controlnet_cond=control,
            conditioning_scale=strength[:, None, None],
            return_dict=False,
        )[0]
        out: Tensor = self.transformer(
            hidden_states=x,
            timestep=sigma * 1000,
            encoder_hidden_states=tokens,
            pooled_projections=pooled,
            block_controlnet_hidden_states=residuals,
            return_dict=False,
        )[0]
        return out


def save_pipeline(
    folder: Path, nets: PoseNetworks, vae: AutoencoderKL, tokenizer: Path, traits: dict[str, Any]
) -> None:
    """Write the published layout, float16 safetensors.

    Args:
        folder: made as needed.
        nets: transformer, control net and text encoders.
        vae: the autoencoder that they were trained with.
        tokenizer: a folder with vocab.json and merges.txt; both encoders read the same tokens.
        traits: contents of vivant.json.
    """
    parts: dict[str, Any] = {
        "transformer": nets.transformer,
        "controlnet": nets.controlnet,
        "vae": vae,
        "text_encoder": nets.text[0],
        "text_encoder_2": nets.text[1],
    }
    save_parts(folder, parts, tokenizer)
    FlowMatchEulerDiscreteScheduler(shift=traits["shift"]).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusion3Pipeline",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "text_encoder_3": [None, None],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "tokenizer_3": [None, None],
        "transformer": ["diffusers", "SD3Transformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    (folder / "vivant.json").write_text(json.dumps(traits, indent=2) + "\n")


def save_parts(folder: Path, parts: dict[str, Any], tokenizer: Path) -> None:
    """Write networks in float16, each to its own folder, and the tokenizer of both encoders."""
    for name, net in parts.items():
        dtype = next(net.parameters()).dtype
        net.half().save_pretrained(folder / name)
        net.to(dtype)
        _forget_origin(folder / name / "config.json")
    for name in ("tokenizer", "tokenizer_2"):
        (folder / name).mkdir(exist_ok=True)
        for file in tokenizer.iterdir():
            (folder / name / file.name).write_bytes(file.read_bytes())


def _forget_origin(config: Path) -> None:
    """The folder that a network was once loaded from is of no use to others."""
    stated = json.loads(config.read_text())
    stated.pop("_name_or_path", None)
    config.write_text(json.dumps(stated, indent=2) + "\n")


def load_pipeline(folder: Path, size: str = "sharp") -> PoseNetworks:
    """Networks from a folder written by `save_pipeline`, in float32, to train on."""
    text = [
        CLIPTextModelWithProjection.from_pretrained(folder / n, torch_dtype=torch.float32)
        for n in ("text_encoder", "text_encoder_2")
    ]
    nets = PoseNetworks(text[0].config.vocab_size, size)
    for mine, theirs in zip(nets.text, text, strict=True):
        mine.load_state_dict(theirs.state_dict())
    for name, kind in (("transformer", SD3Transformer2DModel), ("controlnet", SD3ControlNetModel)):
        loaded = kind.from_pretrained(folder / name, torch_dtype=torch.float32)
        getattr(nets, name).load_state_dict(loaded.state_dict())
    return nets
