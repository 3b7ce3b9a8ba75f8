"""A model that is known in closed form: every clean latent is drawn from N(MEAN, SPREAD^2)."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from vivant.diffusion.parametrisations import Parametrisation
from vivant.diffusion.samplers.common import Sampling

MEAN = 0.3
SPREAD = 0.5

Clean = Callable[[Tensor, float], Tensor]


def posterior_mean(parametrisation: Parametrisation) -> Clean:
    """E[clean | x] for x = alpha clean + sigma noise."""

    def clean(x: Tensor, sigma: float) -> Tensor:
        alpha = parametrisation.alpha(sigma)
        gain = alpha * SPREAD**2 / deviation(parametrisation, sigma) ** 2
        return MEAN + gain * (x - alpha * MEAN)

    return clean


def deviation(parametrisation: Parametrisation, sigma: float) -> float:
    """Standard deviation of x at sigma."""
    return math.hypot(parametrisation.alpha(sigma) * SPREAD, sigma)


def along_exact_ode(
    parametrisation: Parametrisation, x: Tensor, sigma: float, sigma_to: float
) -> Tensor:
    """Where the ODE takes x: each point keeps its place in standard deviations from the mean."""
    place = (x - parametrisation.alpha(sigma) * MEAN) / deviation(parametrisation, sigma)
    return parametrisation.alpha(sigma_to) * MEAN + deviation(parametrisation, sigma_to) * place


def finish(sampling: Sampling, clean: Clean) -> tuple[Tensor, int]:
    """The sampler's result with this model, and how often it asked."""
    evaluations = 0
    x, sigma = next(sampling)
    while True:
        evaluations += 1
        try:
            x, sigma = sampling.send(clean(x, sigma))
        except StopIteration as finished:
            return finished.value, evaluations
