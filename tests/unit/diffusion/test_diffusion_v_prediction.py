"""V-prediction and the betas, against diffusers' DDIM."""

import math

import pytest
import torch
from diffusers import DDIMScheduler

from vivant.diffusion.parametrisations import (
    BetaSchedule,
    EpsilonPrediction,
    Parametrisation,
    VPrediction,
)

BETAS = {
    "scaled_linear": (0.00085, 0.012),
    "linear": (1e-4, 0.02),
    "squaredcos_cap_v2": (1e-4, 0.02),
}


def theirs(schedule: str, **settings: object) -> DDIMScheduler:
    start, end = BETAS[schedule]
    return DDIMScheduler(
        beta_start=start, beta_end=end, beta_schedule=schedule, clip_sample=False, **settings
    )


@pytest.mark.parametrize("schedule", BETAS)
@pytest.mark.parametrize("zero_snr", [False, True])
def test_the_noise_levels_are_those_of_the_betas(schedule: BetaSchedule, zero_snr: bool) -> None:  # noqa: FBT001
    ours = EpsilonPrediction(*BETAS[schedule], schedule, zero_snr=zero_snr)
    signal = theirs(schedule, rescale_betas_zero_snr=zero_snr).alphas_cumprod.double()
    some = signal > 1e-4  # below it float32, theirs, tells little
    expected = ((1 - signal) / signal).sqrt()[some]
    table = torch.tensor(ours.table, dtype=torch.float64)
    torch.testing.assert_close(table[some], expected, rtol=2e-3, atol=0.0)
    assert some.sum() > 900
    assert math.isfinite(ours.sigma_max)


@pytest.mark.parametrize(
    ("kind", "name"), [(EpsilonPrediction, "epsilon"), (VPrediction, "v_prediction")]
)
def test_clean_is_what_diffusers_calls_the_original_sample(
    kind: type[EpsilonPrediction], name: str
) -> None:
    ours: Parametrisation = kind()
    scheduler = theirs("scaled_linear", prediction_type=name, set_alpha_to_one=False)
    scheduler.set_timesteps(20)
    timestep = int(scheduler.timesteps[3])
    sigma = torch.tensor(ours.table[timestep])
    sample, output = torch.randn(2, 4, 4, 4, generator=torch.manual_seed(0)).unbind()
    expected = scheduler.step(output[None], timestep, sample[None]).pred_original_sample
    x = sample * torch.sqrt(1 + sigma**2)  # their samples have unit variance
    torch.testing.assert_close(ours.clean(x, sigma, output)[None], expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours.net_input(x, sigma), sample)


def test_v_of_known_noise_gives_back_the_picture() -> None:
    parametrisation = VPrediction()
    clean, noise = torch.randn(2, 3, generator=torch.manual_seed(0)).unbind()
    for sigma in (0.05, 1.0, 14.0):
        x = parametrisation.noised(clean, sigma, noise)
        signal = 1 / math.sqrt(1 + sigma**2)
        v = signal * noise - sigma * signal * clean
        guess = parametrisation.clean(x, torch.tensor(sigma), v)
        torch.testing.assert_close(guess, clean, rtol=1e-4, atol=1e-4)
