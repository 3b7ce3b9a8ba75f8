from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from vivant.diffusion.denoisers import Denoise
from vivant.diffusion.drive import Driver, Sample
from vivant.diffusion.latents import NoiseStream
from vivant.diffusion.parametrisations import RectifiedFlow
from vivant.diffusion.samplers.registry import sampler_by_name
from vivant.diffusion.schedules import sigmas_for

FLOW = RectifiedFlow(3.0)


class ShrinkingDenoiser:
    """Each row's clean prediction leans on its latents and its own condition, a number.

    Counts the batches it is bound for, and notes the rows of every evaluation.
    """

    parametrisation = FLOW

    def __init__(self) -> None:
        self.bound = 0
        self.evaluations: list[int] = []

    def bind(self, rows: Sequence[float]) -> Denoise:
        self.bound += 1
        wanted = torch.tensor(rows).reshape(-1, 1, 1, 1)

        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            self.evaluations.append(len(x))
            return torch.tanh(x) * (1 - sigma.reshape(-1, 1, 1, 1)) + wanted

        return denoise


def sample(
    seed: int,
    sampler: str = "euler",
    steps: int = 4,
    shape: tuple[int, ...] = (2, 3, 3),
    **settings: Any,
) -> Sample[float]:
    sigmas = sigmas_for("sgm_uniform", sampler, steps, FLOW).tolist()
    noise = NoiseStream(seed, shape, "cpu")
    sampling = sampler_by_name(sampler)(noise.draw(), sigmas, FLOW, noise)
    return Sample(sampling, sigmas, **{"positive": 0.5, **settings})


def run(*samples: Sample[float], max_rows: int = 16) -> ShrinkingDenoiser:
    denoiser = ShrinkingDenoiser()
    driver = Driver(denoiser, max_rows)
    driver.add(samples)
    finished = []
    while driver.samples:
        finished += driver.advance()
    assert set(finished) == set(samples)
    return denoiser


def mixed() -> list[Sample[float]]:
    return [
        sample(1, "euler", 4),
        sample(2, "dpmpp_2m", 7, negative=-0.2, guidance=3.0),
        sample(3, "dpmpp_sde", 3, positive=0.1, negative=0.0, guidance=1.5, rescale=0.5),
        sample(4, "dpm_adaptive", 5),
        sample(5, "euler_ancestral", 5, shape=(2, 4, 2)),
    ]


@pytest.mark.parametrize("max_rows", [2, 3, 16])
def test_company_changes_nothing(max_rows: int) -> None:
    together = mixed()
    denoiser = run(*together, max_rows=max_rows)
    assert max(denoiser.evaluations) <= max_rows
    for alone, shared in zip(mixed(), together, strict=True):
        run(alone)
        torch.testing.assert_close(alone.latents, shared.latents, rtol=1e-6, atol=1e-6)


def test_samples_of_one_size_share_an_evaluation() -> None:
    denoiser = run(sample(1), sample(2, "dpmpp_2m"), sample(3, negative=0.0, guidance=2.0))
    assert denoiser.evaluations == [4, 4, 4, 4]
    assert denoiser.bound == 1


def test_guided_rows_stay_together() -> None:
    samples = [sample(seed, negative=0.0, guidance=2.0) for seed in range(3)]
    assert set(run(*samples, max_rows=5).evaluations) == {4, 2}


def test_guidance_is_applied() -> None:
    guided, plain = sample(1, negative=0.2, guidance=3.0), sample(1, positive=0.2 + 3 * 0.3)
    run(guided)
    run(plain)
    torch.testing.assert_close(guided.latents, plain.latents)


def test_removed_samples_cost_nothing_more_and_leave_the_others_alone() -> None:
    gone, stays, reference = sample(1), sample(2), sample(2)
    denoiser = ShrinkingDenoiser()
    driver = Driver(denoiser)
    driver.add([gone, stays])
    driver.advance()
    driver.remove([gone])
    while driver.samples:
        driver.advance()
    run(reference)
    assert denoiser.evaluations == [2, 1, 1, 1]
    assert gone.latents is None
    torch.testing.assert_close(stays.latents, reference.latents)


def test_samples_may_join_under_way() -> None:
    early, late, reference = sample(1), sample(2, "heun"), sample(2, "heun")
    driver = Driver(ShrinkingDenoiser())
    driver.add([early])
    driver.advance()
    driver.add([late])
    while driver.samples:
        driver.advance()
    run(reference)
    torch.testing.assert_close(late.latents, reference.latents)


@pytest.mark.parametrize("name", ["euler", "heun", "dpm_2", "dpmpp_sde", "dpm_adaptive"])
def test_steps_are_counted_up_to_the_total(name: str) -> None:
    watched = sample(1, name, 6)
    driver = Driver(ShrinkingDenoiser())
    driver.add([watched])
    steps = [watched.step]
    while driver.samples:
        driver.advance()
        steps.append(watched.step)
    assert steps[0] == 0
    assert steps[-1] == watched.total == 6
    assert all(a <= b for a, b in itertools.pairwise(steps))
    assert watched.clean is not None


def test_a_guided_sample_needs_two_rows() -> None:
    with pytest.raises(ValueError, match="max_rows"):
        Driver(ShrinkingDenoiser(), max_rows=1)
