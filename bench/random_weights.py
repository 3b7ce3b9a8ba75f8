"""Pose models with random weights: the work of the real ones, without their files."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from accelerate.utils import set_module_tensor_to_device
from diffusers import AutoencoderKL, SD3ControlNetModel, SD3Transformer2DModel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from vivant.weights.devices import ROOMY_CARD_GB, Placement, choose_placement, this_machine
from vivant.weights.load import load_pose_model
from vivant.weights.model import PoseModel
from vivant.weights.tiny import save_tiny_pose_model
from vivant.weights.traits import read_traits

SPREAD = 0.02
"""Standard deviation of the weights: small enough that nothing overflows in half precision."""


def tiny(device: str, dtype: str) -> PoseModel:
    """A few thousand parameters, for a trial of the benchmark itself."""
    with tempfile.TemporaryDirectory() as folder:
        save_tiny_pose_model(folder)
        model = load_pose_model(folder, device=device, dtype=dtype, offload="none")
    return replace(model, source="random tiny")


def sd3_medium(device: str, dtype: str) -> PoseModel:
    """Stable Diffusion 3 medium with its pose control net at full size, without T5.

    The tokenizers are tiny ones: texts come out as other numbers, but as many.
    """
    machine = this_machine()
    place = choose_placement(
        device, dtype, "none", machine=machine, small=False, roomy_gb=ROOMY_CARD_GB
    )
    published = Path(str(files("vivant.weights") / "published" / "sd3-medium"))
    stand_in = tiny("cpu", "float32")

    def network(kind: Any, part: str) -> Any:
        config = kind.load_config(published / part)
        with init_empty_weights():
            net = kind.from_config(config)
        return filled(net, place)

    def clip(part: str) -> CLIPTextModelWithProjection:
        config = CLIPTextConfig.from_pretrained(published / part)
        with init_empty_weights():
            net = CLIPTextModelWithProjection(config)
        return filled(net, place)

    return PoseModel(
        transformer=network(SD3Transformer2DModel, "transformer"),
        controlnet=network(SD3ControlNetModel, "controlnet"),
        vae=network(AutoencoderKL, "vae"),
        text_encoders=(clip("text_encoder"), clip("text_encoder_2")),
        tokenizers=stand_in.tokenizers,
        text_encoder_3=None,
        tokenizer_3=None,
        traits=read_traits(published),
        device=place.device,
        dtype=place.dtype,
        source="random sd3-medium",
    )


@torch.no_grad()
def filled(net: Any, place: Placement) -> Any:
    """Gives a network on the meta device its values, made where and as they are used."""
    generator = torch.Generator(place.device).manual_seed(0)
    for name, parameter in list(net.named_parameters()):
        value = torch.empty(parameter.shape, device=place.device, dtype=place.dtype)
        if name.endswith("bias"):
            value.zero_()
        elif value.ndim < 2:
            value.fill_(1.0)
        else:
            value.normal_(std=SPREAD, generator=generator)
        set_module_tensor_to_device(net, name, place.device, value=value, dtype=place.dtype)
    for buffer in net.buffers():  # real already, and in float32
        number = place.dtype if buffer.is_floating_point() else buffer.dtype
        buffer.data = buffer.data.to(place.device, number)
    return net.eval()


MODELS = {"tiny": tiny, "sd3-medium": sd3_medium}
"""What `--random-weights` may say."""
