"""The embedded story model: an SDXL UNet in small, and its folder in diffusers layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from training.models import save_parts, text_encoder
from vivant.diffusion.consistent_attention import Role, StoryAttention, install
from vivant.diffusion.parametrisations import VPrediction

WIDTHS = (64, 128)
"""Widths of the two text encoders; the second one sums a text up."""

LAYERS = (2, 3)

SIZE_WIDTH = 16
"""Width of each of the six size numbers' embeddings."""

HEAD = 32

BETAS = (1e-4, 0.02)

UNET: dict[str, Any] = {
    "sample_size": 16,
    "in_channels": 16,
    "out_channels": 16,
    "block_out_channels": (96, 160),
    "attention_head_dim": (96 // HEAD, 160 // HEAD),
    "down_block_types": ("CrossAttnDownBlock2D",) * 2,
    "up_block_types": ("CrossAttnUpBlock2D",) * 2,
    "layers_per_block": 1,
    "transformer_layers_per_block": (2, 2),
    "norm_num_groups": 8,
    "use_linear_projection": True,
    "cross_attention_dim": sum(WIDTHS),
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": SIZE_WIDTH,
    "projection_class_embeddings_input_dim": WIDTHS[1] + 6 * SIZE_WIDTH,
}
"""Self-attention on height/16 x width/16 tokens and on a quarter of them; 4 + 4 layers share."""

NATIVE_SIZE = 256

TRAITS = {
    "native_size": NATIVE_SIZE,
    "size_multiple": 32,
    "guidance_factor": 0.5,
    "guidance_rescale": 0.0,
    "guide_sharing": True,
    "share_always": True,
    "freeu": False,
    "vae_of": "embedded",
}

SCHEDULER = {
    "beta_start": BETAS[0],
    "beta_end": BETAS[1],
    "beta_schedule": "linear",
    "prediction_type": "v_prediction",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}


def noise_levels() -> VPrediction:
    """Noise levels and target, as `SCHEDULER` states them."""
    return VPrediction(*BETAS, "linear")


class StoryNetworks(nn.Module):
    """UNet and both text encoders, trained as one.

    Args:
        vocabulary: tokens of the tokenizer.
        changes: of the UNet's configuration, for tests.
    """

    def __init__(self, vocabulary: int, **changes: Any) -> None:
        super().__init__()
        self.unet = UNet2DConditionModel(**(UNET | changes))
        self.unet.to(memory_format=torch.channels_last)
        install(self.unet)
        self.text = nn.ModuleList(
            [
                text_encoder(vocabulary, WIDTHS[0], LAYERS[0], CLIPTextModel),
                text_encoder(vocabulary, WIDTHS[1], LAYERS[1]),
            ]
        )
        self._initialise()

    def _initialise(self) -> None:
        """Every residual branch and the output start at zero (Dhariwal & Nichol 2021, app. B)."""
        for name, module in self.unet.named_modules():
            ends_branch = name.endswith((".conv2", "attn1.to_out.0", "attn2.to_out.0", "net.2"))
            if ends_branch or name == "conv_out":
                nn.init.zeros_(module.weight)
                nn.init.zeros_(module.bias)

    def read(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Token ids [rows, windows, length] to tokens [rows, windows * length, 192] and pooled.

        As the product reads them: window by window, the first one's projection summing up.
        """
        rows = len(ids)
        tokens, pooled = [], ids.new_zeros(())
        for encoder in self.text:
            out = encoder(ids.flatten(0, 1), output_hidden_states=True)
            tokens.append(out.hidden_states[-2].unflatten(0, (rows, -1)).flatten(1, 2))
            pooled = out[0]
        return torch.cat(tokens, -1), pooled.unflatten(0, (rows, -1))[:, 0]

    def forward(
        self, x: Tensor, times: Tensor, ids: Tensor, sizes: Tensor, attention: StoryAttention
    ) -> Tensor:
        """V of groups of panels, identity panels first, then the followers that read their bank.

        Args:
            x: noisy latents of unit variance, [groups, panels, channels, h, w].
            times: 0 to 999, [groups, panels]; or [groups], the same for all panels of a group.
            ids: [groups, panels, windows, length].
            sizes: [groups, panels, 6].
            attention: what the panels share, at the step that it stands at.
        """
        panels = x.shape[1]
        tokens, pooled = self.read(ids.flatten(0, 1))
        tokens, pooled = (t.unflatten(0, (-1, panels)) for t in (tokens, pooled))
        return self.draw(x, times, tokens, pooled, sizes, attention)

    def draw(
        self,
        x: Tensor,
        times: Tensor,
        tokens: Tensor,
        pooled: Tensor,
        sizes: Tensor,
        attention: StoryAttention,
    ) -> Tensor:
        """As `forward`, of prompts that were read: [groups, panels, length, 192] and pooled."""
        groups, panels = x.shape[:2]
        role = Role.WHOLE if attention.identities < panels else Role.IDENTITY
        v: Tensor = self.unet(
            x.flatten(0, 1).contiguous(memory_format=torch.channels_last),
            times.reshape(groups, -1).expand(-1, panels).flatten(),
            encoder_hidden_states=tokens.flatten(0, 1),
            added_cond_kwargs={
                "text_embeds": pooled.flatten(0, 1),
                "time_ids": sizes.flatten(0, 1),
            },
            cross_attention_kwargs=attention.rows_are(role, groups=groups),
            return_dict=False,
        )[0]
        return v.reshape(x.shape)


def save_story_pipeline(folder: Path, nets: StoryNetworks, tokenizer: Path) -> None:
    """Write the published layout, float16 safetensors; the autoencoder is the pose model's.

    Args:
        folder: made as needed.
        nets: UNet and text encoders.
        tokenizer: a folder with vocab.json and merges.txt; both encoders read the same tokens.
    """
    parts = {"unet": nets.unet, "text_encoder": nets.text[0], "text_encoder_2": nets.text[1]}
    save_parts(folder, parts, tokenizer)
    DDIMScheduler(**SCHEDULER).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusionXLPipeline",
        "force_zeros_for_empty_prompt": False,
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": [None, None],  # TRAITS name the one that it shares
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    (folder / "vivant.json").write_text(json.dumps(TRAITS, indent=2) + "\n")


def load_story_networks(folder: Path) -> StoryNetworks:
    """Networks from a folder written by `save_story_pipeline`, in float32."""
    float32 = {"torch_dtype": torch.float32}
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", **float32)
    text = [
        CLIPTextModel.from_pretrained(folder / "text_encoder", **float32),
        CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2", **float32),
    ]
    nets = StoryNetworks(text[0].config.vocab_size, **_shape_of(unet))
    nets.unet.load_state_dict(unet.state_dict())
    for mine, theirs in zip(nets.text, text, strict=True):
        mine.load_state_dict(theirs.state_dict())
    return nets


def _shape_of(unet: UNet2DConditionModel) -> dict[str, Any]:
    return {name: unet.config[name] for name in UNET}
