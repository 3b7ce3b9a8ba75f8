"""The learning rate over a run."""

from __future__ import annotations

import pytest
import torch

from training.optimiser import Optimisers


def _rates(hold: float) -> list[float]:
    optimisers = Optimisers([torch.nn.Linear(4, 4)], 1e-2, 4e-3, hold=hold)
    return [optimisers.set_progress(done) for done in (0.0, 0.02, 0.39, 0.7, 1.0)]


def test_rates_warm_up_hold_and_fall() -> None:
    first, full, held, halfway, last = _rates(0.4)
    assert first < 0.1 * full
    assert full == held == pytest.approx(1e-2)
    assert halfway == pytest.approx(0.51e-2)
    assert last == pytest.approx(2e-4)


def test_a_rate_held_to_the_end_does_not_fall() -> None:
    assert _rates(1.0)[1:] == pytest.approx([1e-2] * 4)
