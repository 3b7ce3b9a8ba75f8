"""UniPC: a multistep predictor whose next evaluation also corrects the step that led to it.

Zhao et al. 2023 (arXiv 2302.04867), multistep and in data prediction, order up to 3, one evaluation
a step. Written in x / alpha with lambda = -ln sigma, where the sampler's alpha is 1:
flows and epsilon models then share it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from torch import Tensor

from vivant.diffusion.samplers.common import Sampling, along_ode

MAX_ORDER = 3

Scale: TypeAlias = Callable[[float], float]
"""B(h) of the paper, as a function of -h."""


def uni_pc(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """UniPC with B(h) = h."""
    return (yield from _unipc(x, sigmas, lambda minus_h: minus_h))


def uni_pc_bh2(x: Tensor, sigmas: Sequence[float]) -> Sampling:
    """UniPC with B(h) = e^h - 1, the authors' choice for guided sampling with few steps."""
    return (yield from _unipc(x, sigmas, math.expm1))


@dataclass(frozen=True)
class _Step:
    """A step from sigma to sigma_next, with the predictions known at its start.

    `past` holds (prediction, sigma), newest first; the newest is the one at `sigma`.
    """

    x: Tensor
    sigma: float
    sigma_next: float
    past: Sequence[tuple[Tensor, float]]
    order: int
    scale: Scale

    def predicted(self) -> Tensor:
        """UniP of this order."""
        straight = along_ode(self.x, self.past[0][0], self.sigma, self.sigma_next)
        if self.order == 1:
            return straight
        system, right = self._system()
        weights = [0.5] if self.order == 2 else np.linalg.solve(system[:-1, :-1], right[:-1])
        return self._bent(straight, list(weights), self._differences())

    def corrected(self, clean_next: Tensor) -> Tensor:
        """UniC: the same step with the prediction at its end known."""
        straight = along_ode(self.x, self.past[0][0], self.sigma, self.sigma_next)
        weights = [0.5] if self.order == 1 else np.linalg.solve(*self._system())
        differences = [*self._differences(), clean_next - self.past[0][0]]
        return self._bent(straight, list(weights), differences)

    @property
    def _h(self) -> float:
        return math.log(self.sigma / self.sigma_next)

    def _ratios(self) -> list[float]:
        """Where older predictions lie, in steps of h from the start; all negative."""
        older = self.past[1 : self.order]
        return [math.log(self.sigma / sigma) / self._h for _, sigma in older]

    def _differences(self) -> list[Tensor]:
        newest = self.past[0][0]
        older = self.past[1 : self.order]
        return [
            (clean - newest) / ratio
            for (clean, _), ratio in zip(older, self._ratios(), strict=True)
        ]

    def _bent(
        self, straight: Tensor, weights: Sequence[float], differences: Sequence[Tensor]
    ) -> Tensor:
        size = self.scale(-self._h)
        for weight, difference in zip(weights, differences, strict=True):
            straight = straight - (size * float(weight)) * difference
        return straight

    def _system(self) -> tuple[np.ndarray, np.ndarray]:
        """The Vandermonde system R a = b whose weights cancel error up to the order."""
        minus_h = -self._h
        ratios = np.array([*self._ratios(), 1.0])
        rows, right = [], []
        phi = math.expm1(minus_h) / minus_h - 1.0
        factorial = 1.0
        for k in range(1, self.order + 1):
            rows.append(ratios ** (k - 1))
            right.append(phi * factorial / self.scale(minus_h))
            factorial *= k + 1
            phi = phi / minus_h - 1.0 / factorial
        return np.array(rows), np.array(right)


def _unipc(x: Tensor, sigmas: Sequence[float], scale: Scale) -> Sampling:
    steps = len(sigmas) - 1
    past: list[tuple[Tensor, float]] = []
    step: _Step | None = None
    for i in range(steps):
        clean = yield x, sigmas[i]
        if step is not None:
            x = step.corrected(clean)
        past = [(clean, sigmas[i]), *past[: MAX_ORDER - 1]]
        if sigmas[i + 1] == 0.0:
            return clean
        # Few predictions at first, and lower orders at the end, where extrapolation overshoots.
        order = min(MAX_ORDER, len(past), steps - i)
        step = _Step(x, sigmas[i], sigmas[i + 1], tuple(past), order, scale)
        x = step.predicted()
    return x
