"""What every sampler is, takes and shares.

A sampler is a generator: it yields `(x, sigma)`, is sent the clean prediction there, and returns
the latents at the last sigma. Whoever drives it decides where and with what company the network
runs. Symbols: x latents, D clean prediction, d = (x - D) / sigma the derivative dx/dsigma, n fresh
unit noise, lambda half the log signal-to-noise ratio, h a step in lambda.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from vivant.diffusion.parametrisations import Parametrisation

Sampling: TypeAlias = Generator[tuple[Tensor, float], Tensor, Tensor]
"""Yields (x, sigma), is sent D of x's shape, returns x at the last sigma."""

Increments: TypeAlias = Callable[[float, float], Tensor]
"""(sigma, smaller sigma) -> the path's increment between the two, scaled to unit variance."""


class Noise(Protocol):
    """Where a stochastic sampler's noise comes from; one stream for each sample."""

    def draw(self) -> Tensor:
        """Fresh unit noise of the latents' shape."""
        ...

    def brownian(self, high: float) -> Increments:
        """A Brownian path over sigma in (0, high], whose increments fit together."""
        ...


class Sampler(Protocol):
    """Starts sampling from latents `x` at `sigmas[0]`.

    Args:
        x: latents, any shape; float32.
        sigmas: two or more, strictly descending; the last one is usually 0.
        parametrisation: what keeps re-noised latents on the model's line.
        noise: unused by the deterministic ones.
    """

    def __call__(
        self, x: Tensor, sigmas: Sequence[float], parametrisation: Parametrisation, noise: Noise, /
    ) -> Sampling:
        """Returns the generator, not yet started."""
        ...


def along_ode(x: Tensor, clean: Tensor, sigma: float, sigma_to: float) -> Tensor:
    """The straight step D + (sigma_to / sigma) (x - D): Euler's, and exact for a constant D."""
    return torch.lerp(clean, x, sigma_to / sigma)


def derivative(x: Tensor, clean: Tensor, sigma: float) -> Tensor:
    """Dx/dsigma = (x - D) / sigma: Karras et al. 2022 (arXiv 2206.00364), eq. 3 with eq. 1."""
    return (x - clean) / sigma


def renoised(x: Tensor, scale: float, up: float, noise: Noise) -> Tensor:
    """The way back up of an ancestral step: scale x + up n, without drawing n for nothing."""
    if up == 0.0:
        return x * scale if scale != 1.0 else x
    return torch.add(x * scale if scale != 1.0 else x, noise.draw(), alpha=up)


def lowest(sigmas: Sequence[float]) -> float:
    """The smallest sigma above 0."""
    return min(sigma for sigma in sigmas if sigma > 0.0)
