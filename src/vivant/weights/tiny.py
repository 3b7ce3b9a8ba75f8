"""Tiny random pose models in the published folder layout, made on the fly in a second.

They have the classes, the files and the data flow of Stable Diffusion 3 with a pose control net,
but a few thousand parameters: whatever loads and runs them loads and runs the real ones. Their
pictures are noise. Meant for tests, benchmarks of overhead, and trying out a deployment.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    SD3ControlNetModel,
    SD3Transformer2DModel,
)
from torch import nn
from transformers import (
    CLIPTextModelWithProjection,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from vivant.weights.quiet import quiet_libraries
from vivant.weights.tiny_text import WIDTH, save_clips, write_json

_JOINT = 48
"""Width of the text tokens: wider than both encoders side by side, as in the published model."""


def save_tiny_pose_model(
    folder: str | Path,
    *,
    seed: int = 0,
    layers: int = 2,
    t5: bool = False,
    native_size: int = 64,
    token_length: int = 77,
    traits_file: bool = True,
) -> Path:
    """Write a tiny random SD3 pipeline with a pose control net as a diffusers folder.

    Pictures are 8 pixels to a latent and 2 latents to a token, as in the published model, so sizes
    are multiples of 16. Weights are float32 safetensors.

    Args:
        folder: made if need be; receives `model_index.json`, `transformer/`, `controlnet/`, `vae/`,
            `text_encoder/`, `text_encoder_2/`, `tokenizer/`, `tokenizer_2/`, `scheduler/` and, with
            `t5`, `text_encoder_3/` and `tokenizer_3/`.
        seed: weights are drawn from it; the global random state is left alone.
        layers: transformer layers, 2 or more (the last one takes no control).
        t5: add a tiny T5 encoder.
        native_size: side in pixels that the model counts as its own.
        token_length: longest text in tokens, start and end included.
        traits_file: also write `vivant.json`; published models have none.

    Returns:
        The folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with quiet_libraries(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _save_networks(folder, layers=layers, native_size=native_size)
        save_clips(folder, (CLIPTextModelWithProjection,) * 2, token_length)
        if t5:
            _save_t5(folder)
    FlowMatchEulerDiscreteScheduler(shift=3.0).save_pretrained(str(folder / "scheduler"))
    write_json(folder / "model_index.json", _model_index(t5=t5))
    if traits_file:
        traits = {"native_size": native_size, "size_multiple": 16, "zero_text_tokens": 4}
        write_json(folder / "vivant.json", traits)
    return folder


def _save_networks(folder: Path, *, layers: int, native_size: int) -> None:
    shared = {
        "sample_size": native_size // 8,
        "patch_size": 2,
        "in_channels": 16,
        "attention_head_dim": 8,
        "num_attention_heads": 2,
        "joint_attention_dim": _JOINT,
        "caption_projection_dim": 16,
        "pooled_projection_dim": 2 * WIDTH,
        "out_channels": 16,
        "pos_embed_max_size": 24,
    }
    transformer = SD3Transformer2DModel(num_layers=layers, **shared)
    transformer.save_pretrained(str(folder / "transformer"))
    controlnet = SD3ControlNetModel(num_layers=1, **shared)
    _wake(controlnet)
    controlnet.save_pretrained(str(folder / "controlnet"))
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4, 4, 4, 4),
        latent_channels=16,
        norm_num_groups=1,
        sample_size=native_size,
        scaling_factor=1.5305,
        shift_factor=0.0609,
        use_quant_conv=False,
        use_post_quant_conv=False,
        mid_block_add_attention=False,
    )
    vae.save_pretrained(str(folder / "vae"))


def _wake(controlnet: nn.Module) -> None:
    """Give the zero-initialised layers weights: an untrained control net would control nothing."""
    for parameter in controlnet.parameters():
        if not parameter.detach().any():
            nn.init.normal_(parameter, std=0.1)


def _save_t5(folder: Path) -> None:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(chr(code), -3.0) for code in range(33, 127)]
    T5Tokenizer(vocab=pieces, extra_ids=0).save_pretrained(str(folder / "tokenizer_3"))
    config = T5Config(
        vocab_size=len(pieces),
        d_model=_JOINT,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        feed_forward_proj="gated-gelu",
    )
    T5EncoderModel(config).save_pretrained(str(folder / "text_encoder_3"))


def _model_index(*, t5: bool) -> dict[str, object]:
    absent = [None, None]
    return {
        "_class_name": "StableDiffusion3Pipeline",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "text_encoder_3": ["transformers", "T5EncoderModel"] if t5 else absent,
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "tokenizer_3": ["transformers", "T5TokenizerFast"] if t5 else absent,
        "transformer": ["diffusers", "SD3Transformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
