from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler
from torch import Tensor

from tests.unit.diffusion.gaussian import (
    MEAN,
    SPREAD,
    Clean,
    along_exact_ode,
    finish,
    posterior_mean,
)
from vivant.base.errors import InvalidInput
from vivant.diffusion.latents import NoiseStream
from vivant.diffusion.parametrisations import EpsilonPrediction, Parametrisation, RectifiedFlow
from vivant.diffusion.samplers.registry import SAMPLER_NAMES, SAMPLERS, sampler_by_name
from vivant.diffusion.schedules import SCHEDULERS, sigmas_for

FLOW = RectifiedFlow(3.0)
EPSILON = EpsilonPrediction()
BOTH = pytest.mark.parametrize("parametrisation", [FLOW, EPSILON], ids=["flow", "epsilon"])

ORDERS = {
    "euler": 1,
    "ddim": 1,
    "heunpp2": 1,
    "heun": 2,
    "dpm_2": 2,
    "dpmpp_2m": 2,
    "uni_pc": 2,
    "uni_pc_bh2": 2,
    "dpm_fast": 3,
}
STOCHASTIC = {
    # Steps to take: methods of order 1 need many.
    "euler_ancestral": 400,
    "ddpm": 400,
    "dpm_2_ancestral": 150,
    "dpmpp_2s_ancestral": 150,
    "dpmpp_sde": 100,
    "dpmpp_2m_sde": 150,
    "dpmpp_3m_sde": 150,
}


def error_after(name: str, steps: int, parametrisation: Parametrisation) -> float:
    """Largest distance from the exact ODE on the way from much noise to little."""
    if parametrisation is FLOW:
        sigmas = np.linspace(0.99, 0.02, steps + 1).tolist()
    else:
        sigmas = np.geomspace(10.0, 0.05, steps + 1).tolist()
    x = torch.linspace(-2, 2, 5, dtype=torch.float64) * sigmas[0]
    sampling = SAMPLERS[name](x, sigmas, parametrisation, NoiseStream(0, (5,), "cpu"))
    result, _ = finish(sampling, posterior_mean(parametrisation))
    exact = along_exact_ode(parametrisation, x, sigmas[0], sigmas[-1])
    return float((result - exact).abs().max())


@BOTH
@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_deterministic_samplers_converge_at_their_order(
    name: str, order: int, parametrisation: Parametrisation
) -> None:
    # 80 and 161 are steps of one kind for dpm_fast, which takes them three at a time.
    coarse, fine = (error_after(name, steps, parametrisation) for steps in (80, 161))
    assert math.log2(coarse / fine) == pytest.approx(order, abs=0.3)


@BOTH
def test_linear_multistep_converges_at_second_order_or_better(
    parametrisation: Parametrisation,
) -> None:
    # Order 4, held back by its first steps, which have no past to lean on.
    coarse, fine = (error_after("lms", steps, parametrisation) for steps in (80, 160))
    assert math.log2(coarse / fine) > 1.8


@BOTH
def test_the_adaptive_sampler_keeps_its_tolerance(parametrisation: Parametrisation) -> None:
    assert error_after("dpm_adaptive", 1, parametrisation) < 0.05


def test_the_adaptive_sampler_gives_up_on_a_broken_model() -> None:
    sampling = SAMPLERS["dpm_adaptive"](
        torch.ones(4), [10.0, 1.0, 0.0], EPSILON, NoiseStream(0, (4,), "cpu")
    )
    with pytest.raises(ArithmeticError, match="not finite"):
        finish(sampling, lambda x, _sigma: x * math.nan)


def sampled(
    name: str, steps: int, parametrisation: Parametrisation, clean: Clean, count: int = 8000
) -> Tensor:
    scheduler = "sgm_uniform" if parametrisation is FLOW else "karras"
    sigmas = sigmas_for(scheduler, name, steps, parametrisation).tolist()
    noise = NoiseStream(7, (count,), "cpu")
    target = MEAN + SPREAD * noise.draw()
    x = parametrisation.noised(target, sigmas[0], noise.draw())
    return finish(SAMPLERS[name](x, sigmas, parametrisation, noise), clean)[0]


@BOTH
@pytest.mark.parametrize(("name", "steps"), STOCHASTIC.items())
def test_stochastic_samplers_reproduce_mean_and_variance(
    name: str, steps: int, parametrisation: Parametrisation
) -> None:
    result = sampled(name, steps, parametrisation, posterior_mean(parametrisation))
    # Three standard errors of 8000 draws are 0.017 and 0.012.
    assert float(result.mean()) == pytest.approx(MEAN, abs=0.017)
    assert float(result.std()) == pytest.approx(SPREAD, abs=0.02)


@BOTH
def test_lcm_reproduces_mean_and_variance_of_a_consistency_model(
    parametrisation: Parametrisation,
) -> None:
    def consistent(x: Tensor, sigma: float) -> Tensor:
        return along_exact_ode(parametrisation, x, sigma, 1e-9)

    result = sampled("lcm", 8, parametrisation, consistent)
    assert float(result.mean()) == pytest.approx(MEAN, abs=0.017)
    assert float(result.std()) == pytest.approx(SPREAD, abs=0.015)


@BOTH
@pytest.mark.parametrize("name", SAMPLER_NAMES)
def test_every_pair_of_sampler_and_scheduler_is_finite(
    name: str, parametrisation: Parametrisation
) -> None:
    for scheduler in SCHEDULERS:
        for steps in (1, 2, 3, 20):
            sigmas = sigmas_for(scheduler, name, steps, parametrisation).tolist()
            noise = NoiseStream(3, (4, 2, 2), "cpu")
            x = parametrisation.start(noise.draw(), sigmas[0])
            sampling = sampler_by_name(name)(x, sigmas, parametrisation, noise)
            result, evaluations = finish(sampling, posterior_mean(parametrisation))
            where = (scheduler, steps)
            assert result.shape == (4, 2, 2), where
            assert bool(result.isfinite().all()), where
            assert float(result.abs().max()) < 20, where
            if name != "dpm_adaptive":
                assert steps <= evaluations <= 3 * steps, where


def test_euler_agrees_with_the_flow_scheduler_of_diffusers() -> None:
    sigmas = sigmas_for("sgm_uniform", "euler", 12, FLOW)
    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    scheduler.set_timesteps(sigmas=sigmas[:-1].tolist())
    x = start = torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(0))
    clean = posterior_mean(FLOW)
    for timestep in scheduler.timesteps:
        velocity = (x - clean(x, float(timestep) / 1000)) / (timestep / 1000)
        x = scheduler.step(velocity, timestep, x, return_dict=False)[0]
    noise = NoiseStream(0, (2, 4, 4), "cpu")
    result, _ = finish(SAMPLERS["euler"](start, sigmas.tolist(), FLOW, noise), clean)
    torch.testing.assert_close(result, x, rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers'
@pytest.mark.parametrize(("name", "solver_type"), [("uni_pc", "bh1"), ("uni_pc_bh2", "bh2")])
def test_unipc_agrees_with_the_scheduler_of_diffusers(name: str, solver_type: str) -> None:
    sigmas = sigmas_for("karras", name, 9, EPSILON)
    sigmas[-1] = 1e-3  # at 0 diffusers multiplies infinity by 0
    scheduler = UniPCMultistepScheduler(
        solver_order=3, solver_type=solver_type, prediction_type="sample"
    )
    scheduler.set_timesteps(9)
    scheduler.sigmas = sigmas
    clean = posterior_mean(EPSILON)
    start = float(sigmas[0]) * torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(0))
    # Diffusers keeps x at unit variance: x / sqrt(1 + sigma^2).
    alphas = (1 + sigmas**2) ** -0.5
    x = start * alphas[0]
    for i, timestep in enumerate(scheduler.timesteps):
        prediction = clean(x / alphas[i], float(sigmas[i]))
        x = scheduler.step(prediction, timestep, x, return_dict=False)[0]
    noise = NoiseStream(0, (2, 4, 4), "cpu")
    result, evaluations = finish(SAMPLERS[name](start, sigmas.tolist(), EPSILON, noise), clean)
    assert evaluations == 9
    torch.testing.assert_close(result, x, rtol=1e-4, atol=1e-5)


@BOTH
def test_ancestral_steps_return_to_the_noise_level(parametrisation: Parametrisation) -> None:
    for sigma, sigma_next in [(1.0, 0.9), (0.9, 0.3), (0.3, 0.01)]:
        for eta in (0.3, 1.0):
            down, scale, up = parametrisation.ancestral_step(sigma, sigma_next, eta)
            assert 0 <= down <= sigma_next
            assert math.hypot(scale * down, up) == pytest.approx(sigma_next)
            assert scale * parametrisation.alpha(down) == pytest.approx(
                parametrisation.alpha(sigma_next)
            )


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("dpmpp_sde_gpu", "dpmpp_sde"),
        ("dpmpp_2m_sde_gpu", "dpmpp_2m_sde"),
        ("dpmpp_3m_sde_gpu", "dpmpp_3m_sde"),
        ("p_sampler", "ddpm"),
    ],
)
def test_aliases(alias: str, name: str) -> None:
    assert sampler_by_name(alias) is SAMPLERS[name]


def test_unknown_samplers_are_named_with_all_that_are_known() -> None:
    with pytest.raises(InvalidInput, match="euler_a") as caught:
        sampler_by_name("euler_a")
    assert all(name in caught.value.allowed for name in SAMPLER_NAMES)
