"""Story models with random weights: the work of the real ones, without their files."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKL, UNet2DConditionModel
from random_weights import filled
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from vivant.weights.devices import ROOMY_CARD_GB, choose_placement, this_machine
from vivant.weights.load import load_story_model
from vivant.weights.model import StoryModel
from vivant.weights.tiny_story import save_tiny_story_model


def tiny(device: str, dtype: str) -> StoryModel:
    """A few thousand parameters, for a trial of the benchmark itself."""
    with tempfile.TemporaryDirectory() as folder:
        save_tiny_story_model(folder)
        model = load_story_model(folder, device=device, dtype=dtype, offload="none")
    return replace(model, source="random tiny")


def middle(device: str, dtype: str) -> StoryModel:
    """SDXL's layout at about a fiftieth of its size, in the dtype and on the device asked for."""
    model = tiny(device, dtype)
    small = {"block_out_channels": (64, 128, 256), "transformer_layers_per_block": (1, 1, 4)}
    config = {**model.unet.config, **small, "attention_head_dim": (4, 8, 16), "norm_num_groups": 32}
    torch.manual_seed(0)
    unet = UNet2DConditionModel.from_config(config)
    traits = replace(model.traits, native_size=512)
    unet = unet.to(model.device, model.dtype).eval().requires_grad_(requires_grad=False)
    return replace(model, unet=unet, traits=traits, source="random, mid-size")


def sdxl(device: str, dtype: str) -> StoryModel:
    """SDXL at full size; the tokenizers are tiny ones, so texts come out as other numbers."""
    place = choose_placement(
        device, dtype, "none", machine=this_machine(), small=False, roomy_gb=ROOMY_CARD_GB
    )
    published = Path(str(files("vivant.weights") / "published" / "sdxl"))
    stand_in = tiny("cpu", "float32")

    def network(kind: Any, part: str) -> Any:
        with init_empty_weights():
            net = kind.from_config(kind.load_config(published / part))
        return filled(net, place)

    def clip(kind: Any, part: str) -> Any:
        with init_empty_weights():
            net = kind(CLIPTextConfig.from_pretrained(published / part))
        return filled(net, place)

    return StoryModel(
        unet=network(UNet2DConditionModel, "unet"),
        vae=network(AutoencoderKL, "vae"),
        text_encoders=(
            clip(CLIPTextModel, "text_encoder"),
            clip(CLIPTextModelWithProjection, "text_encoder_2"),
        ),
        tokenizers=stand_in.tokenizers,
        noise=stand_in.noise,
        traits=replace(stand_in.traits, native_size=1024),
        device=place.device,
        dtype=place.dtype,
        source="random sdxl",
    )


MODELS = {"tiny": tiny, "middle": middle, "sdxl": sdxl}
"""What `--random-weights` may say."""
