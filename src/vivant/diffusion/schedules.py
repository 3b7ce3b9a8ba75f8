"""Where a sampler stops on its way from noise to picture: the schedulers, by ComfyUI's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from vivant.base.errors import InvalidInput
from vivant.diffusion.parametrisations import TABLE_LENGTH, Parametrisation
from vivant.diffusion.samplers.registry import DROPS_PENULTIMATE, check_sampler

Scheduler: TypeAlias = Callable[[int, Parametrisation], "list[float]"]
"""(steps, parametrisation) -> that many positive sigmas, strictly descending."""

KARRAS_RHO = 7.0
"""Karras et al. 2022 (arXiv 2206.00364), table 1."""

BETA_SHAPE = 0.6
"""Both parameters of the Beta distribution: steps crowd at both ends."""


def sgm_uniform(steps: int, parametrisation: Parametrisation) -> list[float]:
    """Even in time, without the smallest sigma."""
    return _even_in_time(steps + 1, parametrisation)[:-1]


def normal(steps: int, parametrisation: Parametrisation) -> list[float]:
    """Even in time, both ends kept."""
    return _even_in_time(steps, parametrisation)


def simple(steps: int, parametrisation: Parametrisation) -> list[float]:
    """Every (1000 / steps)-th table entry from the top."""
    stride = TABLE_LENGTH / steps
    return [parametrisation.table[-1 - int(i * stride)] for i in range(steps)]


def ddim_uniform(steps: int, parametrisation: Parametrisation) -> list[float]:
    """Every (1000 // steps)-th table entry from index 1.

    Where the stride leaves room for more than `steps` entries the smallest are left out, so that
    sampling starts as near to pure noise as it can.
    """
    indices = range(1, TABLE_LENGTH, TABLE_LENGTH // steps)[-steps:]
    # Beyond 999 steps there are no more entries than these; index 0 is the one left.
    chosen = list(indices) if len(indices) == steps else [0, *indices]
    return [parametrisation.table[i] for i in reversed(chosen)]


def karras(steps: int, parametrisation: Parametrisation) -> list[float]:
    """Even in sigma^(1/7): Karras et al. 2022 (arXiv 2206.00364), eq. 5."""
    high, low = (s ** (1 / KARRAS_RHO) for s in _ends(parametrisation))
    return [float(root**KARRAS_RHO) for root in np.linspace(high, low, steps)]


def exponential(steps: int, parametrisation: Parametrisation) -> list[float]:
    """Even in log sigma."""
    return [float(s) for s in np.geomspace(*_ends(parametrisation), steps)]


def beta(steps: int, parametrisation: Parametrisation) -> list[float]:
    """Table entries at the quantiles of Beta(0.6, 0.6)."""
    quantiles = 1.0 - np.linspace(0.0, 1.0, steps, endpoint=False)
    positions = betaincinv(BETA_SHAPE, BETA_SHAPE, quantiles) * (TABLE_LENGTH - 1)
    indices: list[int] = []
    for i, position in enumerate(np.rint(positions).astype(int).tolist()):
        below_last = indices[-1] - 1 if indices else TABLE_LENGTH - 1
        # Many steps share entries at the ends; each still needs one of its own.
        indices.append(max(min(position, below_last), steps - 1 - i))
    return [parametrisation.table[i] for i in indices]


SCHEDULERS: Mapping[str, Scheduler] = MappingProxyType(
    {
        "sgm_uniform": sgm_uniform,
        "normal": normal,
        "karras": karras,
        "exponential": exponential,
        "simple": simple,
        "ddim_uniform": ddim_uniform,
        "beta": beta,
    }
)
"""All schedulers; the first is the default."""


def check_scheduler(name: str) -> str:
    """Returns `name` if it is a scheduler.

    Raises:
        InvalidInput: it is not; the message lists those that are.
    """
    if name not in SCHEDULERS:
        raise InvalidInput("scheduler", name, f"one of: {', '.join(SCHEDULERS)}")
    return name


def sigmas_for(
    scheduler: str, sampler: str, steps: int, parametrisation: Parametrisation
) -> Tensor:
    """The noise levels that a sampler visits.

    Some second-order samplers spend an evaluation between the last two sigmas where little is
    gained; for those the schedule is made one step longer and its penultimate sigma left out.

    Args:
        scheduler: a key of `SCHEDULERS`.
        sampler: a sampler's name or alias.
        steps: denoising steps, 1 to 999.
        parametrisation: the model's.

    Returns:
        float32, shape [steps + 1], strictly descending, the last 0.

    Raises:
        InvalidInput: an unknown name, or steps out of range.
    """
    check_scheduler(scheduler)
    name = check_sampler(sampler)
    if not 1 <= steps < TABLE_LENGTH:
        raise InvalidInput("num_inference_steps", steps, f"1 to {TABLE_LENGTH - 1}")
    make = SCHEDULERS[scheduler]
    if name in DROPS_PENULTIMATE:
        sigmas = make(steps + 1, parametrisation)[:-1]
    else:
        sigmas = make(steps, parametrisation)
    return torch.tensor([*sigmas, 0.0], dtype=torch.float32)


def _ends(parametrisation: Parametrisation) -> tuple[float, float]:
    return parametrisation.sigma_max, parametrisation.sigma_min


def _even_in_time(count: int, parametrisation: Parametrisation) -> list[float]:
    first, last = (parametrisation.time(sigma) for sigma in _ends(parametrisation))
    return [parametrisation.sigma_at(float(t)) for t in np.linspace(first, last, count)]
