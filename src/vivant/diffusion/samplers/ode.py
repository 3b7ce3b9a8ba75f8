"""Deterministic samplers in sigma: Euler, Heun, the midpoint, and linear multistep.

All solve dx/dsigma = (x - D(x, sigma)) / sigma, which flows and epsilon models share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from torch import Tensor

from vivant.diffusion.samplers.common import Sampling, along_ode, derivative

LMS_ORDER = 4


def euler(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """Order 1. In sigma it is DDIM without noise: Song et al. 2020 (arXiv 2010.02502), eq. 13."""
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        x = along_ode(x, clean, sigma, sigma_next)
    return x


def heun(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """Order 2, two evaluations a step: Karras et al. 2022 (arXiv 2206.00364), algorithm 1."""
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        if sigma_next == 0.0:
            return clean
        slope = derivative(x, clean, sigma)
        ahead = x + (sigma_next - sigma) * slope
        clean_ahead = yield ahead, sigma_next
        slope_ahead = derivative(ahead, clean_ahead, sigma_next)
        x = x + (sigma_next - sigma) * 0.5 * (slope + slope_ahead)
    return x


def heunpp2(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """Looks up to two steps ahead and weighs each slope there by its sigma over the first one.

    With k slopes in all, the j-th ahead weighs sigma_j / (k sigma_0) and the present one the rest,
    so large sigmas are averaged and small ones end as Euler. Order 1; up to three evaluations.
    """
    for i in range(len(sigmas) - 1):
        ahead = x
        slopes: list[Tensor] = []
        reach = [s for s in sigmas[i + 1 : i + 3] if s > 0.0]
        for k, sigma in enumerate([sigmas[i], *reach]):
            clean = yield ahead, sigma
            slopes.append(derivative(ahead, clean, sigma))
            if k < len(reach):
                ahead = ahead + (reach[k] - sigma) * slopes[-1]
        weights = [sigma / (len(slopes) * sigmas[0]) for sigma in reach]
        slope = (1.0 - sum(weights)) * slopes[0]
        for weight, other in zip(weights, slopes[1:], strict=True):
            slope = slope + weight * other
        x = x + (sigmas[i + 1] - sigmas[i]) * slope
    return x


def dpm_2(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """Order 2, by the slope at the geometric mean of both ends.

    The midpoint method, its middle in log sigma as in DPM-Solver-2 (Lu et al. 2022, arXiv
    2206.00927, algorithm 1 with r = 1/2).
    """
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        if sigma_next == 0.0:
            return clean
        middle = math.sqrt(sigma * sigma_next)
        halfway = along_ode(x, clean, sigma, middle)
        clean_halfway = yield halfway, middle
        x = x + (sigma_next - sigma) * derivative(halfway, clean_halfway, middle)
    return x


def lms(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """Adams-Bashforth on uneven sigmas, order up to 4, one evaluation a step.

    Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, sec. III.5.
    """
    slopes: list[Tensor] = []
    for i in range(len(sigmas) - 1):
        clean = yield x, sigmas[i]
        slopes = [derivative(x, clean, sigmas[i]), *slopes[: LMS_ORDER - 1]]
        nodes = [sigmas[i - j] for j in range(len(slopes))]
        weights = _lagrange_integrals(nodes, sigmas[i], sigmas[i + 1])
        for weight, slope in zip(weights, slopes, strict=True):
            x = x + weight * slope
    return x


def _lagrange_integrals(nodes: Sequence[float], start: float, end: float) -> list[float]:
    """Integrals from `start` to `end` of the Lagrange basis polynomials on `nodes`."""
    # In units of the step from `start` the powers stay of one size, whatever sigma is.
    step = end - start
    places = [(node - start) / step for node in nodes]
    integrals = []
    for j, place in enumerate(places):
        others = [other for k, other in enumerate(places) if k != j]
        basis = np.atleast_1d(np.poly(others)) / math.prod(place - other for other in others)
        integrals.append(step * float(np.polyval(np.polyint(basis), 1.0)))
    return integrals
