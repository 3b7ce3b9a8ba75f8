"""DPM-Solver++ for the diffusion SDE: noise is the increments of one Brownian path per sample.

SDE-DPM-Solver++ of Lu et al. 2022 (arXiv 2211.01095), with eta = 1. The path lives in sigma;
where a step asks for noise over a part of itself and then over the whole, the two belong together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from vivant.diffusion.parametrisations import (
    Parametrisation,
    variance_exploding_ancestral_step,
)
from vivant.diffusion.samplers.common import Increments, Noise, Sampling


def dpmpp_sde(
    x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise
) -> Sampling:
    """Single-step, two evaluations: ancestral halfway in lambda, and again over the whole step."""
    sigmas = parametrisation.finite(sigmas)
    path = noise.brownian(sigmas[0])
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        if sigma_next == 0.0:
            return clean
        ends = parametrisation.half_log_snr(sigma) + parametrisation.half_log_snr(sigma_next)
        middle = parametrisation.sigma_of_half_log_snr(0.5 * ends)
        halfway = _ancestral(x, clean, sigma, middle, parametrisation, path)
        clean = yield halfway, middle
        x = _ancestral(x, clean, sigma, sigma_next, parametrisation, path)
    return x


def dpmpp_2m_sde(
    x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise
) -> Sampling:
    """Two-step multistep, midpoint form: the line through the last two predictions."""
    sigmas = parametrisation.finite(sigmas)
    path = noise.brownian(sigmas[0])
    before: Tensor | None = None
    h_before = 0.0
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        if sigma_next == 0.0:
            return clean
        h = _step(sigma, sigma_next, parametrisation)
        guess = clean
        if before is not None:
            guess = torch.lerp(before, clean, 1.0 + 0.5 * h / h_before)
        x = _mean(x, guess, sigma, sigma_next, h, parametrisation)
        x = _add_noise(x, sigma, sigma_next, h, path)
        before, h_before = clean, h
    return x


def dpmpp_3m_sde(
    x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise
) -> Sampling:
    """Three-step multistep: the parabola through the last three predictions.

    The phi functions are those of exponential integrators (Hochbruck and Ostermann 2010, Acta
    Numerica 19, sec. 2.1) at -2h, since the SDE forgets twice as fast as the ODE.
    """
    sigmas = parametrisation.finite(sigmas)
    path = noise.brownian(sigmas[0])
    past: list[tuple[Tensor, float]] = []
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        if sigma_next == 0.0:
            return clean
        h = _step(sigma, sigma_next, parametrisation)
        x = _mean(x, clean, sigma, sigma_next, h, parametrisation)
        if past:
            x = x + parametrisation.alpha(sigma_next) * _curvature(clean, past, h)
        x = _add_noise(x, sigma, sigma_next, h, path)
        past = [(clean, h), *past[:1]]
    return x


def _step(sigma: float, sigma_next: float, parametrisation: Parametrisation) -> float:
    return parametrisation.half_log_snr(sigma_next) - parametrisation.half_log_snr(sigma)


def _ancestral(
    x: Tensor,
    clean: Tensor,
    sigma: float,
    sigma_next: float,
    parametrisation: Parametrisation,
    path: Increments,
) -> Tensor:
    """An ancestral step of x / alpha, whose noise level is s = sigma / alpha and explodes."""
    alpha, alpha_next = parametrisation.alpha(sigma), parametrisation.alpha(sigma_next)
    s, s_next = sigma / alpha, sigma_next / alpha_next
    down, _, up = variance_exploding_ancestral_step(s, s_next)
    x = (alpha_next * down / sigma) * x + (alpha_next * (1.0 - down / s)) * clean
    return torch.add(x, path(sigma, sigma_next), alpha=alpha_next * up)


def _mean(
    x: Tensor,
    clean: Tensor,
    sigma: float,
    sigma_next: float,
    h: float,
    parametrisation: Parametrisation,
) -> Tensor:
    """E[x_next | x] for a constant prediction: (sigma'/sigma) e^-h x + alpha' (1 - e^-2h) D."""
    keep = sigma_next / sigma * math.exp(-h)
    return keep * x - (parametrisation.alpha(sigma_next) * math.expm1(-2.0 * h)) * clean


def _add_noise(x: Tensor, sigma: float, sigma_next: float, h: float, path: Increments) -> Tensor:
    spread = sigma_next * math.sqrt(-math.expm1(-2.0 * h))
    return torch.add(x, path(sigma, sigma_next), alpha=spread)


def _curvature(clean: Tensor, past: Sequence[tuple[Tensor, float]], h: float) -> Tensor:
    """What slope and curvature of the prediction over lambda add to a step, in clean latents."""
    (clean_1, h_1), *older = past
    phi_2 = math.expm1(-2.0 * h) / (2.0 * h) + 1.0
    slope = (clean - clean_1) * (h / h_1)
    if not older:
        return phi_2 * slope
    clean_2, h_2 = older[0]
    r0, r1 = h_1 / h, h_2 / h
    slope_1 = (clean_1 - clean_2) / r1
    bend = (slope - slope_1) / (r0 + r1)
    phi_3 = phi_2 / (2.0 * h) - 0.5
    return phi_2 * (slope + r0 * bend) - phi_3 * bend
