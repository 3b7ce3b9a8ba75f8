"""Load PhotoMaker: what sees a reference picture, and the LoRA by which the UNet draws it.

Two kinds of file hold it: the published pickle, {"id_encoder": tensors, "lora_weights": tensors},
which is opened by torch's restricted unpickler only, and safetensors with the same two words before
the names. The sizes of the networks follow from those of the tensors.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard, get_args

import torch
from accelerate import init_empty_weights
from diffusers import UNet2DConditionModel
from diffusers.loaders import StableDiffusionXLLoraLoaderMixin
from peft.tuners.lora import Linear as LoraLinear
from peft.tuners.lora import LoraLayer
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPVisionConfig

from vivant.base.errors import InvalidInput, WeightsCorrupt, WeightsUnavailable
from vivant.weights.checkpoint import Tensors, read_stripped, told_as_corrupt
from vivant.weights.identity_encoder import IdentityEncoder
from vivant.weights.networks import first_line, refuse_gaps
from vivant.weights.quiet import quiet_libraries
from vivant.weights.traits import Sees

ENCODER, LORA = "id_encoder", "lora_weights"
"""What the two parts of a file are called."""

SEES = "sees"
"""Where a safetensors file's metadata tells which part of a picture it looks at; see `Sees`."""

ADAPTER = "photomaker"

_HEAD_WIDTH = 64
"""Of every CLIP's attention."""

_COUNTED = "vision_model.embeddings.position_ids"
"""A buffer of counting numbers that older versions saved."""


FOLDED_BYTES = 250_000_000
"""Up to this size, weights that a LoRA changes are kept twice, with it and without."""


class LoraSwitch:
    """Turns a UNet's LoRA on and off; off, the network is what it was without it.

    Args:
        unet: holds one LoRA.
        fold: whether to keep the layers' weights with the LoRA in them beside those without. Both
            cost the same to run then, and twice the memory; the UNet holds no LoRA any more.
    """

    def __init__(self, unet: UNet2DConditionModel, *, fold: bool = False) -> None:
        self._layers = [part for part in unet.modules() if isinstance(part, LoraLayer)]
        self._folded: list[tuple[nn.Module, nn.Parameter, nn.Parameter]] = []
        if fold:
            self._folded = [_with_and_without(layer) for layer in _linear_layers(unet)]
            self._layers = []
            unet.unload_lora()
        self._on: bool | None = None
        self.set(on=False)

    def set(self, *, on: bool) -> None:
        """Turn it; to turn it to where it stands costs nothing."""
        if on is self._on:
            return
        for layer in self._layers:
            layer.enable_adapters(on)
        for inner, without, with_lora in self._folded:
            inner.weight = with_lora if on else without
        self._on = on


def _linear_layers(unet: UNet2DConditionModel) -> list[LoraLinear]:
    return [part for part in unet.modules() if isinstance(part, LoraLinear)]


def _with_and_without(layer: LoraLinear) -> tuple[nn.Module, nn.Parameter, nn.Parameter]:
    """A layer, its weights, and the same with its LoRA in them."""
    inner = layer.get_base_layer()
    without = inner.get_parameter("weight")
    folded = without.detach() + layer.get_delta_weight(ADAPTER).detach()
    return inner, without, nn.Parameter(folded, requires_grad=False)


def _can_fold(unet: UNet2DConditionModel) -> bool:
    """Whether what a UNet's LoRA changes is linear, and little enough to be kept twice."""
    layers = _linear_layers(unet)
    size = sum(layer.get_base_layer().get_parameter("weight").nbytes for layer in layers)
    every = sum(isinstance(part, LoraLayer) for part in unet.modules())
    return len(layers) == every and size <= FOLDED_BYTES


@dataclass(frozen=True)
class Identity:
    """What a story model needs to draw whom a picture shows.

    Attributes:
        encoder: sees the picture, and merges it into prompts.
        lora: the UNet's, off but while such a story's steps are taken.
        source: what was loaded; of a path only its last part.
        sees: which part of the picture it looks at.
    """

    encoder: IdentityEncoder
    lora: LoraSwitch = field(compare=False)
    source: str = ""
    sees: Sees = "head"


def load_identity(
    file: Path, unet: UNet2DConditionModel, device: torch.device, dtype: torch.dtype
) -> Identity:
    """Load PhotoMaker's encoder, and its LoRA into a UNet.

    Args:
        file: the published `.bin`, or `.safetensors`.
        unet: of the model that it is for.
        device: where both run.
        dtype: number format of both.

    Raises:
        InvalidInput: the file is of another kind.
        WeightsUnavailable: the file holds no such weights.
        WeightsCorrupt: it holds more than tensors, or they do not fit together or the UNet.
    """
    encoder_tensors, lora_tensors = read_identity(file)
    with told_as_corrupt(file):
        encoder = _encoder_of(file, encoder_tensors)
        wanted = int(unet.config.cross_attention_dim)
        if encoder.width != wanted:
            raise WeightsCorrupt(f"{file} is for prompts of width {encoder.width}, not {wanted}")
        _add_lora(file, unet, lora_tensors)
    unet.requires_grad_(requires_grad=False).to(device, dtype)
    lora = LoraSwitch(unet, fold=_can_fold(unet))
    return Identity(encoder.to(device, dtype), lora, file.name, _read_sees(file))


def read_identity(file: Path) -> tuple[Tensors, Tensors]:
    """The encoder's and the LoRA's tensors; errors as `load_identity`."""
    match file.suffix:
        case ".safetensors":
            with told_as_corrupt(file):
                return read_stripped(file, f"{ENCODER}."), read_stripped(file, f"{LORA}.")
        case ".bin":
            return _unpickled(file)
        case _:
            raise InvalidInput("identity", file.name, "a .safetensors file, or photomaker-v1.bin")


def _read_sees(file: Path) -> Sees:
    """Which part of a picture a file's adapter looks at; errors as `load_identity`."""
    if file.suffix != ".safetensors":
        return "head"
    with safe_open(file, framework="pt") as content:
        told = (content.metadata() or {}).get(SEES, "head")
    known: dict[str, Sees] = {each: each for each in get_args(Sees)}
    if told not in known:
        raise WeightsCorrupt(f"{file}: {SEES} is {told!r}, not {' or '.join(known)}")
    return known[told]


def convert_identity(source: Path, target: Path) -> None:
    """Write the published pickle anew as safetensors; errors as `load_identity`."""
    if target.suffix != ".safetensors":
        raise InvalidInput("target", target.name, "a name that ends in .safetensors")
    encoder, lora = read_identity(source)
    named = {f"{ENCODER}.{name}": tensor.contiguous() for name, tensor in encoder.items()}
    named |= {f"{LORA}.{name}": tensor.contiguous() for name, tensor in lora.items()}
    save_file(named, str(target))


def _unpickled(file: Path) -> tuple[Tensors, Tensors]:
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise WeightsCorrupt(f"{file} is not opened: {first_line(error)}") from error
    parts: list[Tensors] = []
    for name in (ENCODER, LORA):
        part = content.get(name) if isinstance(content, Mapping) else None
        if not _are_tensors(part):
            raise WeightsUnavailable(f"{file} holds no {name!r}: it is no PhotoMaker, version 1")
        parts.append(dict(part))
    return parts[0], parts[1]


def _are_tensors(part: object) -> TypeGuard[Mapping[str, torch.Tensor]]:
    return isinstance(part, Mapping) and all(torch.is_tensor(each) for each in part.values())


def vision_config(tensors: Mapping[str, torch.Tensor]) -> CLIPVisionConfig:
    """The configuration of the CLIP that an encoder's tensors belong to.

    Raises:
        KeyError: a tensor is missing that tells it.
    """
    vision = "vision_model"
    hidden, _, patch, _ = tensors[f"{vision}.embeddings.patch_embedding.weight"].shape
    patches = len(tensors[f"{vision}.embeddings.position_embedding.weight"]) - 1
    layers = {
        name.split(".")[3] for name in tensors if name.startswith(f"{vision}.encoder.layers.")
    }
    return CLIPVisionConfig(
        hidden_size=hidden,
        intermediate_size=len(tensors[f"{vision}.encoder.layers.0.mlp.fc1.weight"]),
        num_hidden_layers=len(layers),
        num_attention_heads=max(hidden // _HEAD_WIDTH, 1),
        patch_size=patch,
        image_size=patch * math.isqrt(patches),
        projection_dim=len(tensors["visual_projection.weight"]),
    )


def _encoder_of(file: Path, tensors: Tensors) -> IdentityEncoder:
    with init_empty_weights():
        encoder = IdentityEncoder(
            vision_config(tensors),
            len(tensors["visual_projection_2.weight"]),
            doubts="somebody.weight" in tensors,
        )
    known = {name: tensor for name, tensor in tensors.items() if name != _COUNTED}
    report = encoder.load_state_dict(known, strict=False, assign=True)
    refuse_gaps(f"{file}: {ENCODER}", report.missing_keys)
    if report.unexpected_keys:
        raise WeightsCorrupt(f"{file}: {ENCODER} has a {report.unexpected_keys[0]} too many")
    return encoder.eval().requires_grad_(requires_grad=False)


def _add_lora(file: Path, unet: UNet2DConditionModel, tensors: Tensors) -> None:
    """Put a LoRA into a UNet, whichever of the usual names its tensors have."""
    with quiet_libraries():
        named, alphas = StableDiffusionXLLoraLoaderMixin.lora_state_dict(
            dict(tensors), unet_config=unet.config
        )
        unet.load_lora_adapter(named, prefix="unet", network_alphas=alphas, adapter_name=ADAPTER)
    placed = sum(f".{ADAPTER}." in name for name, _ in unet.named_parameters())
    wanted = sum(name.startswith("unet.") and not name.endswith("alpha") for name in named)
    if placed != wanted or not wanted:
        raise WeightsCorrupt(f"{file}: {LORA} fits {placed} of its {wanted} tensors into the UNet")
