from __future__ import annotations

import pytest
import torch

from vivant.diffusion.guidance import effective_guidance, guided

POSITIVE = torch.randn(3, 4, 5, 5, generator=torch.Generator().manual_seed(1))
NEGATIVE = torch.randn(3, 4, 5, 5, generator=torch.Generator().manual_seed(2))
SCALE = torch.tensor([1.0, 4.0, 7.0])


def test_guidance_extrapolates_each_row_by_its_own_scale() -> None:
    result = guided(POSITIVE, NEGATIVE, SCALE, None)
    torch.testing.assert_close(result[0], POSITIVE[0])
    expected = NEGATIVE[2] + 7.0 * (POSITIVE[2] - NEGATIVE[2])
    torch.testing.assert_close(result[2], expected)


def test_full_rescale_gives_back_the_spread_of_the_positive_rows() -> None:
    result = guided(POSITIVE, NEGATIVE, SCALE, torch.ones(3))
    torch.testing.assert_close(result.std((1, 2, 3)), POSITIVE.std((1, 2, 3)))


def test_rescale_is_per_row_and_partial() -> None:
    plain = guided(POSITIVE, NEGATIVE, SCALE, None)
    full = guided(POSITIVE, NEGATIVE, SCALE, torch.ones(3))
    mixed = guided(POSITIVE, NEGATIVE, SCALE, torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(mixed[0], plain[0])
    torch.testing.assert_close(mixed[1], (plain[1] + full[1]) / 2)
    torch.testing.assert_close(mixed[2], full[2])


def test_effective_guidance_scales_what_is_above_one() -> None:
    assert effective_guidance(7.0, 1.0) == 7.0
    assert effective_guidance(7.0, 0.25) == 2.5
    assert effective_guidance(1.0, 0.25) == pytest.approx(1.0)
