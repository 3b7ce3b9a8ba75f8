from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from vivant.base.errors import InvalidInput
from vivant.diffusion.parametrisations import EpsilonPrediction, Parametrisation, RectifiedFlow
from vivant.diffusion.samplers.registry import SAMPLER_NAMES
from vivant.diffusion.schedules import SCHEDULERS, sigmas_for

FLOW = RectifiedFlow(3.0)
EPSILON = EpsilonPrediction()
BOTH = pytest.mark.parametrize("parametrisation", [FLOW, EPSILON], ids=["flow", "epsilon"])


@given(
    scheduler=st.sampled_from(list(SCHEDULERS)),
    sampler=st.sampled_from(SAMPLER_NAMES),
    steps=st.integers(1, 999),
    parametrisation=st.sampled_from([FLOW, EPSILON, RectifiedFlow(1.0), RectifiedFlow(12.0)]),
)
def test_every_schedule_descends_to_zero_in_the_steps_asked_for(
    scheduler: str, sampler: str, steps: int, parametrisation: Parametrisation
) -> None:
    sigmas = sigmas_for(scheduler, sampler, steps, parametrisation)
    assert sigmas.shape == (steps + 1,)
    assert sigmas.dtype == torch.float32
    assert sigmas[-1] == 0.0
    assert bool((sigmas[1:] < sigmas[:-1]).all())
    assert float(sigmas[0]) <= parametrisation.sigma_max * (1 + 1e-6)


def test_published_tables() -> None:
    assert FLOW.sigma_max == 1.0
    assert FLOW.sigma_min == pytest.approx(0.003 / 1.002)
    # The ends that every SDXL implementation reports.
    assert EPSILON.sigma_max == pytest.approx(14.6146, abs=1e-4)
    assert EPSILON.sigma_min == pytest.approx(0.0292, abs=1e-4)


@BOTH
def test_time_inverts_sigma(parametrisation: Parametrisation) -> None:
    for sigma in np.geomspace(parametrisation.sigma_min, parametrisation.sigma_max, 17):
        assert parametrisation.sigma_at(parametrisation.time(sigma)) == pytest.approx(sigma)


def test_timesteps_told_to_the_network() -> None:
    assert FLOW.timestep(torch.tensor([1.0, 0.25])).tolist() == [1000.0, 250.0]
    table = torch.tensor([EPSILON.table[0], EPSILON.table[500], EPSILON.table[999]])
    assert EPSILON.timestep(table).tolist() == pytest.approx([0.0, 500.0, 999.0], abs=1e-2)


def shifted(times: Sequence[float]) -> Any:
    return pytest.approx([3 * t / (1 + 2 * t) for t in times] + [0.0], rel=1e-5)


def test_sgm_uniform_leaves_out_the_smallest() -> None:
    sigmas = sigmas_for("sgm_uniform", "euler", 3, FLOW).tolist()
    assert sigmas == shifted([1.0, 0.667, 0.334])


def test_normal_keeps_both_ends() -> None:
    assert sigmas_for("normal", "euler", 3, FLOW).tolist() == shifted([1.0, 0.5005, 0.001])


def test_simple_strides_from_the_top() -> None:
    assert sigmas_for("simple", "euler", 4, FLOW).tolist() == shifted([1.0, 0.75, 0.5, 0.25])


def test_ddim_uniform_strides_from_index_one() -> None:
    assert sigmas_for("ddim_uniform", "euler", 4, FLOW).tolist() == shifted(
        [0.752, 0.502, 0.252, 0.002]
    )


def test_ddim_uniform_starts_at_the_top_where_the_stride_leaves_too_many() -> None:
    # A stride of 142 has eight places: 1, 143, ..., 995.
    sigmas = sigmas_for("ddim_uniform", "euler", 7, FLOW).tolist()
    assert sigmas == shifted([(1 + 142 * i + 1) / 1000 for i in range(7, 0, -1)])


def test_karras_is_even_in_the_seventh_root() -> None:
    roots = sigmas_for("karras", "euler", 5, EPSILON)[:-1].double() ** (1 / 7)
    assert torch.diff(roots).tolist() == pytest.approx([float(roots[1] - roots[0])] * 4, rel=1e-4)
    assert float(roots[0]) ** 7 == pytest.approx(EPSILON.sigma_max, rel=1e-5)
    assert float(roots[-1]) ** 7 == pytest.approx(EPSILON.sigma_min, rel=1e-5)


def test_exponential_is_even_in_log_sigma() -> None:
    logs = sigmas_for("exponential", "euler", 5, EPSILON)[:-1].double().log()
    assert torch.diff(logs).tolist() == pytest.approx([float(logs[1] - logs[0])] * 4, rel=1e-4)


@BOTH
def test_beta_takes_quantiles_of_the_table(parametrisation: Parametrisation) -> None:
    quantiles = 1 - np.arange(10) / 10
    places = np.rint(beta.ppf(quantiles, 0.6, 0.6) * 999).astype(int)
    expected = [parametrisation.table[place] for place in places]
    assert sigmas_for("beta", "euler", 10, parametrisation)[:-1].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("sampler", ["dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"])
@BOTH
def test_one_more_step_without_the_penultimate_sigma(
    sampler: str, parametrisation: Parametrisation
) -> None:
    longer = sigmas_for("karras", "euler", 11, parametrisation).tolist()
    sigmas = sigmas_for("karras", sampler, 10, parametrisation).tolist()
    assert sigmas == [*longer[:-2], longer[-1]]


@pytest.mark.parametrize(
    ("scheduler", "sampler", "steps", "field", "allowed"),
    [
        ("cosine", "euler", 20, "scheduler", "sgm_uniform"),
        ("karras", "euler_a", 20, "sampler", "dpmpp_2m"),
        ("karras", "euler", 0, "num_inference_steps", "1 to 999"),
        ("karras", "euler", 1000, "num_inference_steps", "1 to 999"),
    ],
)
def test_errors_name_field_value_and_what_is_allowed(
    scheduler: str, sampler: str, steps: int, field: str, allowed: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        sigmas_for(scheduler, sampler, steps, FLOW)
    assert caught.value.field == field
    assert caught.value.value in (scheduler, sampler, steps)
    assert allowed in caught.value.allowed


def test_a_shift_must_be_positive() -> None:
    with pytest.raises(ValueError, match="shift"):
        RectifiedFlow(0.0)
