"""Samplers that take part of each step by fresh noise, drawn anew at every step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from vivant.diffusion.parametrisations import Parametrisation
from vivant.diffusion.samplers.common import Noise, Sampling, along_ode, derivative, renoised


def euler_ancestral(
    x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise
) -> Sampling:
    """Euler down to sigma_down, then noise up to the next sigma."""
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        down, scale, up = parametrisation.ancestral_step(sigma, sigma_next)
        x = renoised(along_ode(x, clean, sigma, down), scale, up, noise)
    return x


def dpm_2_ancestral(
    x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise
) -> Sampling:
    """The midpoint step of `dpm_2` down to sigma_down, then noise up to the next sigma."""
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        down, scale, up = parametrisation.ancestral_step(sigma, sigma_next)
        if down == 0.0:
            x = renoised(clean, scale, up, noise)
            continue
        middle = math.sqrt(sigma * down)
        halfway = along_ode(x, clean, sigma, middle)
        clean_halfway = yield halfway, middle
        x = x + (down - sigma) * derivative(halfway, clean_halfway, middle)
        x = renoised(x, scale, up, noise)
    return x


def dpmpp_2s_ancestral(
    x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise
) -> Sampling:
    """DPM-Solver++(2S) down to sigma_down, then noise up to the next sigma.

    Lu et al. 2022 (arXiv 2211.01095), algorithm 1 with r = 1/2: the prediction halfway in lambda
    stands for the whole step.
    """
    sigmas = parametrisation.finite(sigmas)
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        down, scale, up = parametrisation.ancestral_step(sigma, sigma_next)
        if down == 0.0:
            x = renoised(clean, scale, up, noise)
            continue
        ends = parametrisation.half_log_snr(sigma) + parametrisation.half_log_snr(down)
        middle = parametrisation.sigma_of_half_log_snr(0.5 * ends)
        clean = yield along_ode(x, clean, sigma, middle), middle
        x = renoised(along_ode(x, clean, sigma, down), scale, up, noise)
    return x


def ddpm(
    x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise
) -> Sampling:
    """Draws from q(x_next | x, D), the exact posterior of the noising process.

    Ho et al. 2020 (arXiv 2006.11239), eq. 6-7. With s = sigma / alpha and k = (s_next / s)^2 it is
    Gaussian around alpha_next (k x / alpha + (1 - k) D), with variance sigma_next^2 (1 - k).
    """
    for sigma, sigma_next in pairwise(sigmas):
        clean = yield x, sigma
        if sigma_next == 0.0:
            return clean
        alpha, alpha_next = parametrisation.alpha(sigma), parametrisation.alpha(sigma_next)
        # k alpha_next / alpha is written so that alpha = 0 (a flow at sigma 1) divides nothing.
        keep = (sigma_next / sigma) ** 2 * alpha / alpha_next
        fresh = 1.0 - keep * alpha / alpha_next
        x = keep * x + (alpha_next * fresh) * clean
        x = renoised(x, 1.0, sigma_next * math.sqrt(max(fresh, 0.0)), noise)
    return x


def lcm(
    x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise
) -> Sampling:
    """Takes each prediction as the picture and noises it afresh.

    The multistep sampling of consistency models: Luo et al. 2023 (arXiv 2310.04378). With any other
    model the pictures come out smoothed.
    """
    for sigma, sigma_next in pairwise(sigmas):
        x = yield x, sigma
        if sigma_next > 0.0:
            x = parametrisation.noised(x, sigma_next, noise.draw())
    return x
