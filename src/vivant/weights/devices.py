"""Where a model runs, in which number format, and whether its parts take turns on the card.

The choices are pure functions of a `Machine`, so every case is tested on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch

from vivant.base.errors import InvalidInput

Offload = Literal["none", "model"]

ROOMY_CARD_GB = 15.0
"""From this much memory on a card holds all parts of SD3 medium at once, text encoders but T5
included (about 9 GB in half precision, and what 1024 x 1024 pictures need beside it)."""

ROOMY_CARD_WITH_T5_GB = 24.0
"""The same with the T5 encoder (9.5 GB more)."""

ROOMY_CARD_FOR_STORIES_GB = 11.0
"""The same of SDXL (about 7 GB in half precision, and what a chunk of panels needs beside it)."""

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Machine:
    """What there is to run on.

    Attributes:
        cuda: compute capability of the first card, or None without one.
        cuda_memory_gb: that card's memory in GB (10^9 bytes).
        mps: whether Apple's Metal is usable.
        cpu_bfloat16: whether the processor multiplies bfloat16 matrices (AVX512-BF16 or AMX).
    """

    cuda: tuple[int, int] | None = None
    cuda_memory_gb: float = 0.0
    mps: bool = False
    cpu_bfloat16: bool = False


@dataclass(frozen=True)
class Placement:
    """Device, number format and offload, all decided."""

    device: torch.device
    dtype: torch.dtype
    offload: Offload


def this_machine() -> Machine:
    """Look at the machine that this runs on."""
    processor = torch.cpu.get_capabilities()
    bfloat16 = any(processor.get(name) for name in ("avx512_bf16", "amx_bf16"))
    if torch.cuda.is_available():
        return Machine(
            cuda=torch.cuda.get_device_capability(0),
            cuda_memory_gb=torch.cuda.get_device_properties(0).total_memory / 1e9,
            cpu_bfloat16=bfloat16,
        )
    return Machine(mps=torch.backends.mps.is_available(), cpu_bfloat16=bfloat16)


def choose_placement(
    device: str, dtype: str, offload: str, *, machine: Machine, small: bool, roomy_gb: float
) -> Placement:
    """Decide what "auto" means.

    - device: the card if there is one, then Metal, then the CPU.
    - dtype: bfloat16 on processors and cards that compute with it (cards: capability 8.0 and
      later), else float32 on a CPU and float16 on older cards and on Metal. Small models stay in
      float32 on all but processors.
    - offload: "model" on a card that cannot hold all parts at once, else "none".

    Args:
        device: "auto", "cpu", "mps", "cuda" or "cuda:N".
        dtype: "auto", "float32", "float16" or "bfloat16".
        offload: "auto", "none" or "model".
        machine: what there is.
        small: whether the model is of the embedded kind, a few dozen megabytes.
        roomy_gb: from this much memory on a card holds all parts of the model at once.

    Raises:
        InvalidInput: an unknown name, or a device that is not there.
    """
    chosen = _choose_device(device, machine)
    if dtype != "auto" and dtype not in _DTYPES:
        raise InvalidInput("dtype", dtype, f"one of: auto, {', '.join(_DTYPES)}")
    number = _choose_dtype(chosen, machine, small=small) if dtype == "auto" else _DTYPES[dtype]
    if offload not in ("auto", *get_args(Offload)):
        raise InvalidInput("offload", offload, "one of: auto, none, model")
    if offload == "model" and chosen.type == "cpu":
        raise InvalidInput("offload", offload, "none or auto where the device is the CPU")
    takes_turns: Offload = "model" if offload == "model" else "none"
    if offload == "auto" and chosen.type == "cuda" and not small:
        takes_turns = "model" if machine.cuda_memory_gb < roomy_gb else "none"
    return Placement(chosen, number, takes_turns)


def _choose_device(name: str, machine: Machine) -> torch.device:
    if name == "auto":
        name = "cuda" if machine.cuda else "mps" if machine.mps else "cpu"
    kind, _, place = name.partition(":")
    if kind not in {"cpu", "mps", "cuda"} or (place and not place.isdecimal()):
        raise InvalidInput("device", name, "auto, cpu, mps, cuda or cuda:N")
    if (kind == "cuda" and not machine.cuda) or (kind == "mps" and not machine.mps):
        raise InvalidInput("device", name, f"a device that is there; this machine has no {kind}")
    return torch.device(name)


def _choose_dtype(device: torch.device, machine: Machine, *, small: bool) -> torch.dtype:
    if device.type == "cpu":
        return torch.bfloat16 if machine.cpu_bfloat16 else torch.float32
    if small:
        return torch.float32
    if device.type == "cuda" and machine.cuda is not None and machine.cuda >= (8, 0):
        return torch.bfloat16
    return torch.float16
