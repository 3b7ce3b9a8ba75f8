"""Agreement with k-diffusion: tests/reference holds its results and the script that made them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.reference import make_kdiffusion as reference
from tests.unit.diffusion.gaussian import finish
from vivant.diffusion.parametrisations import EpsilonPrediction
from vivant.diffusion.samplers.common import Increments
from vivant.diffusion.samplers.registry import SAMPLERS

FILE = Path(reference.__file__).with_name("kdiffusion.npz")
SCHEDULES = pytest.mark.parametrize("schedule", reference.SIGMAS)


class CountedNoise:
    """The reference script's noise formula, draw by draw."""

    def __init__(self) -> None:
        self.calls = 0

    def draw(self) -> Tensor:
        self.calls += 1
        return reference.noise(self.calls)

    def brownian(self, high: float) -> Increments:  # noqa: ARG002
        return lambda _sigma, _sigma_next: self.draw()


def relative_error(name: str, sigmas: Sequence[float], key: str) -> tuple[float, int]:
    def clean(x: Tensor, sigma: float) -> Tensor:
        return reference.clean(x, torch.tensor(sigma, dtype=torch.float64))

    sampling = SAMPLERS[name](reference.start(), sigmas, EpsilonPrediction(), CountedNoise())
    result, evaluations = finish(sampling, clean)
    with np.load(FILE) as results:
        expected = torch.from_numpy(results[key])
    return float((result - expected).norm() / expected.norm()), evaluations


@SCHEDULES
@pytest.mark.parametrize("name", [*reference.PLAIN, *reference.NOISY])
def test_agrees_on_the_same_sigmas_model_and_noise(name: str, schedule: str) -> None:
    error, _ = relative_error(name, reference.SIGMAS[schedule], f"{name}/{schedule}")
    assert error < 1e-4


@pytest.mark.parametrize("evaluations", [9, 10, 11])
def test_dpm_fast_agrees_and_spends_as_many_evaluations(evaluations: int) -> None:
    ends = reference.SIGMAS["to_low"]
    sigmas = np.geomspace(ends[0], ends[-1], evaluations + 1).tolist()
    error, spent = relative_error("dpm_fast", sigmas, f"dpm_fast_{evaluations}")
    assert error < 1e-4
    assert spent == evaluations


def test_dpm_adaptive_agrees() -> None:
    error, _ = relative_error("dpm_adaptive", reference.SIGMAS["to_low"], "dpm_adaptive")
    assert error < 1e-4
