from __future__ import annotations

import math

import pytest
import torch

from vivant.base.errors import InvalidInput
from vivant.diffusion.latents import NoiseStream, latent_shape


def shape_of(width: int, height: int, **limits: int) -> tuple[int, int, int]:
    return latent_shape(width, height, channels=16, pixels_per_latent=8, multiple=64, **limits)


def test_latents_of_a_wide_picture() -> None:
    assert shape_of(1024, 512) == (16, 64, 128)


@pytest.mark.parametrize(
    ("width", "height", "field"),
    [(1000, 512, "width"), (512, 0, "height"), (512, -64, "height"), (4096, 512, "width")],
)
def test_sizes_off_the_grid(width: int, height: int, field: str) -> None:
    with pytest.raises(InvalidInput, match="a multiple of 64 up to 3072") as caught:
        shape_of(width, height, largest=3100)
    assert caught.value.field == field


def test_a_seed_says_all_the_noise() -> None:
    first, again, other = (NoiseStream(seed, (2, 3), "cpu") for seed in (5, 5, 6))
    drawn = [first.draw(), first.draw()]
    torch.testing.assert_close(drawn, [again.draw(), again.draw()], rtol=0, atol=0)
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], other.draw())
    assert drawn[0].dtype == torch.float32


def test_brownian_increments_have_unit_variance_and_fit_together() -> None:
    increment = NoiseStream(1, (40_000,), "cpu").brownian(14.6)
    late, early, whole = increment(1.0, 0.3), increment(3.0, 1.0), increment(3.0, 0.3)
    for part in (late, early, whole):
        assert float(part.std()) == pytest.approx(1.0, abs=0.02)
    assert abs(float((late * early).mean())) < 0.02
    torch.testing.assert_close(
        early * math.sqrt(2.0) + late * math.sqrt(0.7), whole * math.sqrt(2.7), rtol=0, atol=1e-4
    )


def test_brownian_paths_repeat_and_differ_within_a_stream() -> None:
    stream, again = (NoiseStream(1, (8,), "cpu") for _ in range(2))
    path = stream.brownian(1.0)(0.9, 0.4)
    assert torch.equal(path, again.brownian(1.0)(0.9, 0.4))
    assert not torch.equal(path, stream.brownian(1.0)(0.9, 0.4))
