"""From a reference - a name, a folder, a hub id, a file - to a loaded pose model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accelerate import cpu_offload_with_hook

from vivant.weights.devices import Placement, choose_placement, this_machine
from vivant.weights.folder import Parts, check_folder, load_controlnet, load_folder
from vivant.weights.model import PoseModel
from vivant.weights.pull import Download, hub_download
from vivant.weights.single_file import load_single_file
from vivant.weights.sources import locate, locate_controlnet
from vivant.weights.traits import read_traits

SMALL_MODEL_BYTES = 500_000_000
"""Models whose files are smaller count as the embedded kind: quick in float32 everywhere."""


def load_pose_model(
    reference: str | None = None,
    *,
    controlnet: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    offload: str = "auto",
    t5: bool = False,
    token: str | None = None,
    layout: str | None = None,
    download: Download = hub_download,
) -> PoseModel:
    """Load a pose model for inference.

    Args:
        reference: None or "embedded" for the model inside the package; a catalogue name such as
            "sd3-medium"; a folder in diffusers layout; a Hugging Face id, "owner/name" or
            "owner/name@revision"; or a single `.safetensors` file of SD3.
        controlnet: control net, named in the same ways; by default the one in the model's own
            `controlnet/` folder, else the catalogue's for SD3 medium.
        device: "auto", "cpu", "mps", "cuda" or "cuda:N".
        dtype: "auto", "float32", "float16" or "bfloat16".
        offload: "model" keeps only the part at work on the card; "none"; "auto" decides by size.
        t5: load the third text encoder too, where the model has one.
        token: Hugging Face token for gated models; by default the one the user logged in with.
        layout: for a single file, the diffusers folder whose configurations and tokenizers
            describe it; by default those of SD3 medium.
        download: fetches from the hub; a fake serves tests.

    Raises:
        InvalidInput: an unknown reference, device, dtype or offload.
        WeightsUnavailable: weights are not there or cannot be fetched; says how to get them.
        WeightsCorrupt: files are incomplete, or do not fit their configuration.
    """
    found = locate(reference, t5=t5, token=token, download=download)
    beside = check_folder(found.path) if found.path.is_dir() else None
    control = locate_controlnet(controlnet, beside, token=token, download=download)
    small = _bytes_of(found.path) < SMALL_MODEL_BYTES
    machine = this_machine()
    placement = choose_placement(device, dtype, offload, machine=machine, small=small, t5=t5)
    if found.path.is_file():
        parts, traits_folder = load_single_file(
            found.path, layout, placement.dtype, t5=t5, token=token, download=download
        )
    else:
        parts, traits_folder = load_folder(found.path, placement.dtype, t5=t5), found.path
    net = load_controlnet(control, placement.dtype)
    place(parts, net, placement)
    return PoseModel(
        transformer=parts.transformer,
        controlnet=net,
        vae=parts.vae,
        text_encoders=parts.text_encoders,
        tokenizers=parts.tokenizers,
        text_encoder_3=parts.text_encoder_3,
        tokenizer_3=parts.tokenizer_3,
        traits=read_traits(traits_folder),
        device=placement.device,
        dtype=placement.dtype,
        source=found.name,
    )


def place(parts: Parts, controlnet: Any, placement: Placement) -> None:
    """Move the networks to the device, or hook them so that they take turns there.

    Transformer and control net work in every step and share the card; moving them back and forth
    would cost more than the step.
    """
    encoders = [net for net in (*parts.text_encoders, parts.text_encoder_3) if net is not None]
    if placement.offload == "none":
        for net in (*encoders, parts.vae, controlnet, parts.transformer):
            net.to(placement.device)
        return
    hook = None
    for net in encoders:
        _, hook = cpu_offload_with_hook(net, placement.device, prev_module_hook=hook)
    cpu_offload_with_hook(controlnet, placement.device, prev_module_hook=hook)
    _, hook = cpu_offload_with_hook(parts.transformer, placement.device, prev_module_hook=hook)
    cpu_offload_with_hook(parts.vae, placement.device, prev_module_hook=hook)


def _bytes_of(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*.safetensors")
    return sum(file.stat().st_size for file in files)
