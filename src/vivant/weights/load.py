"""From a reference - a name, a folder, a hub id, a file - to a loaded model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import cpu_offload_with_hook

from vivant.weights.devices import (
    ROOMY_CARD_FOR_STORIES_GB,
    ROOMY_CARD_GB,
    ROOMY_CARD_WITH_T5_GB,
    Placement,
    choose_placement,
    this_machine,
)
from vivant.weights.folder import check_folder, load_controlnet, load_folder, load_story_folder
from vivant.weights.fused import fuse
from vivant.weights.identity import load_identity
from vivant.weights.model import PoseModel, StoryModel
from vivant.weights.pull import Download, hub_download
from vivant.weights.single_file import load_single_file, load_story_file
from vivant.weights.sources import locate, locate_controlnet, locate_identity, locate_story
from vivant.weights.traits import read_traits

SMALL_MODEL_BYTES = 500_000_000
"""Models whose files are smaller count as the embedded kind: quick in float32 on any card."""


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
    roomy_gb = ROOMY_CARD_WITH_T5_GB if t5 else ROOMY_CARD_GB
    placement = _placement(found.path, device, dtype, offload, roomy_gb)
    if found.path.is_file():
        parts, traits_folder = load_single_file(
            found.path, layout, placement.dtype, t5=t5, token=token, download=download
        )
    else:
        parts, traits_folder = load_folder(found.path, placement.dtype, t5=t5), found.path
    net = load_controlnet(control, placement.dtype)
    encoders = [each for each in (*parts.text_encoders, parts.text_encoder_3) if each is not None]
    place(encoders, [net, parts.transformer], parts.vae, placement)
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


def load_story_model(
    reference: str | None = None,
    *,
    device: str = "auto",
    dtype: str = "auto",
    offload: str = "auto",
    token: str | None = None,
    layout: str | None = None,
    identity: str | None = None,
    download: Download = hub_download,
) -> StoryModel:
    """Load a story model for inference.

    Args:
        reference: None or "embedded-story" for the model inside the package; "RealVision",
            "Unstable" or another catalogue name; a folder in diffusers layout; a Hugging Face id,
            "owner/name" or "owner/name@revision"; or a single `.safetensors` file of SDXL.
        device: "auto", "cpu", "mps", "cuda" or "cuda:N".
        dtype: "auto", "float32", "float16" or "bfloat16".
        offload: "model" keeps only the part at work on the card; "none"; "auto" decides by size.
        token: Hugging Face token for gated models; by default the one the user logged in with.
        layout: for a single file, the diffusers folder whose configurations and tokenizers
            describe it; by default those of SDXL.
        identity: by what it draws whom a picture shows: "PhotoMaker", or its `.bin` or
            `.safetensors` file; by default the adapter in the model's own folder, or else the
            catalogue's, where it was pulled.
        download: fetches from the hub; a fake serves tests.

    Raises:
        InvalidInput: an unknown reference, device, dtype or offload.
        WeightsUnavailable: weights are not there or cannot be fetched; says how to get them.
        WeightsCorrupt: files are incomplete, or do not fit their configuration.
    """
    found = locate_story(reference, token=token, download=download)
    placement = _placement(found.path, device, dtype, offload, ROOMY_CARD_FOR_STORIES_GB)
    if found.path.is_file():
        parts = load_story_file(found.path, layout, placement.dtype, token=token, download=download)
    else:
        parts = load_story_folder(found.path, placement.dtype, pickles=found.pickles)
    photomaker = locate_identity(identity, found, token=token, download=download)
    seeing = (
        load_identity(photomaker, parts.unet, placement.device, placement.dtype)
        if photomaker is not None
        else None
    )
    place(parts.text_encoders, [parts.unet], parts.vae, placement)
    return StoryModel(
        unet=parts.unet,
        vae=parts.vae,
        text_encoders=parts.text_encoders,
        tokenizers=parts.tokenizers,
        noise=parts.noise,
        traits=parts.traits,
        device=placement.device,
        dtype=placement.dtype,
        source=found.name,
        identity=seeing,
    )


def place(encoders: Sequence[Any], steady: Sequence[Any], vae: Any, placement: Placement) -> None:
    """Move the networks to the device, or hook them so that they take turns there.

    On a processor with bfloat16 they get fused layers (`vivant.weights.fused`), and the autoencoder
    the order of pictures in memory, channels innermost, that its convolutions work in: it takes
    half of the time. The UNet, whose convolutions see fewer pixels, gains nothing by it.

    Args:
        encoders: the text encoders, which work once at the start.
        steady: the networks that work in every step. They share the card: moving them back and
            forth would cost more than the step.
        vae: the autoencoder.
        placement: where, and whether they take turns.
    """
    if placement.offload == "none":
        for net in (*encoders, *steady, vae):
            net.to(placement.device)
        if placement.device.type == "cpu" and placement.dtype == torch.bfloat16:
            for net in (*encoders, *steady):
                fuse(net)
            vae.to(memory_format=torch.channels_last)
        return
    hook = None
    for net in encoders:
        _, hook = cpu_offload_with_hook(net, placement.device, prev_module_hook=hook)
    for net in steady:
        _, last = cpu_offload_with_hook(net, placement.device, prev_module_hook=hook)
    cpu_offload_with_hook(vae, placement.device, prev_module_hook=last)


def _placement(path: Path, device: str, dtype: str, offload: str, roomy_gb: float) -> Placement:
    small = _bytes_of(path) < SMALL_MODEL_BYTES
    return choose_placement(
        device, dtype, offload, machine=this_machine(), small=small, roomy_gb=roomy_gb
    )


def _bytes_of(path: Path) -> int:
    files = [path] if path.is_file() else [*path.rglob("*.safetensors"), *path.rglob("*.bin")]
    return sum(file.stat().st_size for file in files)
