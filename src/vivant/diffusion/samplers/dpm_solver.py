"""DPM-Solver and DPM-Solver++, deterministic: exponential integrators in lambda = -ln sigma.

Lu et al. 2022, arXiv 2206.00927 (DPM-Solver) and arXiv 2211.01095 (DPM-Solver++). Flows are solved
in the same coordinate, since they share the ODE dx/dsigma = (x - D) / sigma.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from vivant.diffusion.samplers.common import Sampling, along_ode, derivative, lowest

RELATIVE_TOLERANCE = 0.05
ABSOLUTE_TOLERANCE = 0.0078
FIRST_STEP = 0.05
"""In lambda."""
ACCEPT_FROM = 0.81
"""A step is kept if the next one need not shrink below this share of it."""


def dpmpp_2m(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """DPM-Solver++(2M), order 2, one evaluation a step: arXiv 2211.01095, algorithm 2."""
    before: Tensor | None = None
    for i in range(len(sigmas) - 1):
        sigma, sigma_next = sigmas[i], sigmas[i + 1]
        clean = yield x, sigma
        guess = clean
        if before is not None and sigma_next > 0.0:
            ratio = math.log(sigmas[i - 1] / sigma) / math.log(sigma / sigma_next)
            guess = torch.lerp(before, clean, 1.0 + 1.0 / (2.0 * ratio))
        x = along_ode(x, guess, sigma, sigma_next)
        before = clean
    return x


def dpm_fast(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """DPM-Solver-fast of arXiv 2206.00927: mostly third-order steps, even in lambda.

    Only both ends and the count of `sigmas` matter: as many evaluations are spent as there are
    steps, the last of them on the step to 0 where there is one.
    """
    low = lowest(sigmas)
    to_zero = sigmas[-1] == 0.0
    budget = len(sigmas) - 1 - to_zero
    if budget > 0:
        orders = [3] * (budget // 3) + [budget % 3]
        if budget % 3 == 0:
            orders = [3] * (budget // 3 - 1) + [2, 1]
        start, end = -math.log(sigmas[0]), -math.log(low)
        for k, order in enumerate(orders):
            t = start + (end - start) * k / len(orders)
            t_next = start + (end - start) * (k + 1) / len(orders)
            _, x = yield from _single_step(x, t, t_next, order, 0.5 if order == 2 else 1.0 / 3.0)
    return (yield x, low) if to_zero else x


def dpm_adaptive(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """DPM-Solver-23 of arXiv 2206.00927: steps as long as the error allows.

    Only both ends of `sigmas` matter; the count of evaluations is the error's to decide.

    Raises:
        ArithmeticError: predictions are not finite, so that no step is ever short enough.
    """
    low = lowest(sigmas)
    t, end, h = -math.log(sigmas[0]), -math.log(low), FIRST_STEP
    before = x
    while t < end - 1e-5:
        t_next = min(end, t + h)
        rough, fine = yield from _single_step(x, t, t_next, 3, 1.0 / 3.0)
        size = torch.maximum(rough.abs(), before.abs())
        allowed = (RELATIVE_TOLERANCE * size).clamp(min=ABSOLUTE_TOLERANCE)
        error = float(((rough - fine) / allowed).square().mean().sqrt())
        if not math.isfinite(error):
            raise ArithmeticError("dpm_adaptive: the model's predictions are not finite")
        # Third root, since the error grows with the third power of h; the arc tangent keeps the
        # change of h between a fifth and two and a half.
        factor = 1.0 + math.atan((error + 1e-8) ** (-1.0 / 3.0) - 1.0)
        h *= factor
        if factor >= ACCEPT_FROM:
            t, x, before = t_next, fine, rough
    return (yield x, low) if sigmas[-1] == 0.0 else x


def _single_step(
    x: Tensor, t: float, t_next: float, order: int, r1: float
) -> Generator[tuple[Tensor, float], Tensor, tuple[Tensor, Tensor]]:
    """One step of DPM-Solver-1, 2 or 3 from lambda `t` to `t_next`; `order` evaluations.

    arXiv 2206.00927, algorithms 1 and 2 for orders 2 and 3, with r2 = 2 r1. Returns the results of
    the order below and of the order itself (the same twice where `order` is 1).
    """
    h = t_next - t
    sigma, sigma_next = math.exp(-t), math.exp(-t_next)
    clean = yield x, sigma
    slope = derivative(x, clean, sigma)
    straight = x - sigma_next * math.expm1(h) * slope
    if order == 1:
        return straight, straight
    sigma_1 = math.exp(-(t + r1 * h))
    x_1 = x - sigma_1 * math.expm1(r1 * h) * slope
    clean_1 = yield x_1, sigma_1
    bend = derivative(x_1, clean_1, sigma_1) - slope
    second = straight - sigma_next / (2.0 * r1) * math.expm1(h) * bend
    if order == 2:
        return straight, second
    r2 = 2.0 * r1
    sigma_2 = math.exp(-(t + r2 * h))
    growth = math.expm1(r2 * h)
    x_2 = x - sigma_2 * growth * slope - sigma_2 * (r2 / r1) * (growth / (r2 * h) - 1.0) * bend
    clean_2 = yield x_2, sigma_2
    bend_2 = derivative(x_2, clean_2, sigma_2) - slope
    third = straight - sigma_next / r2 * (math.expm1(h) / h - 1.0) * bend_2
    return second, third
