"""Time and memory, as all benchmarks measure them."""

from __future__ import annotations

import argparse
import ctypes
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

GIB = 2**30


def timed(run: Callable[[], object], device: torch.device) -> float:
    """Seconds that a run takes."""
    synchronise(device)
    start = time.perf_counter()
    run()
    synchronise(device)
    return time.perf_counter() - start


def synchronise(device: torch.device) -> None:
    """Waits for the card to finish."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def forget_peak(device: torch.device) -> None:
    """Starts the measure of peak memory anew, where the system can."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif Path("/proc/self/clear_refs").exists():
        ctypes.CDLL(None).malloc_trim(0)  # what is free goes back, so that it counts anew
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def resident_gib(device: torch.device) -> float:
    """Memory in use now, counted as `peak_gib` counts."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device) / GIB
    return _status("VmRSS") or peak_gib(device)


def peak_gib(device: torch.device) -> float:
    """Peak memory since `forget_peak`, or of the process where that cannot be told."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / GIB
    peak = _status("VmHWM")
    if peak is not None:
        return peak
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIB


def _status(field: str) -> float | None:
    """A field of Linux's account of this process, in GiB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    [line] = [row for row in status.read_text().splitlines() if row.startswith(field)]
    return int(line.split()[1]) * 1024 / GIB


class Plain(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """Keeps the examples' lines and tells the defaults."""
