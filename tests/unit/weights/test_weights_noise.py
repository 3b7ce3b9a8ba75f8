from __future__ import annotations

import json
from pathlib import Path

import pytest

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.noise import NoiseSchedule, read_noise_schedule
from vivant.weights.single_file import PUBLISHED, PUBLISHED_STORY

BETAS = {"beta_start": 0.001, "beta_end": 0.02}


def write(folder: Path, content: object) -> Path:
    (folder / "scheduler").mkdir()
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_the_published_schedule_is_the_default() -> None:
    assert read_noise_schedule(PUBLISHED_STORY) == NoiseSchedule()


def test_what_is_stated_counts_and_the_sampler_does_not(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            **BETAS,
            "_class_name": "DDIMScheduler",
            "set_alpha_to_one": False,
            "prediction_type": "v_prediction",
            "beta_schedule": "linear",
            "num_train_timesteps": 500,
            "steps_offset": 0,
            "timestep_spacing": "trailing",
            "rescale_betas_zero_snr": True,
        },
    )
    assert read_noise_schedule(folder) == NoiseSchedule(
        "v_prediction", "linear", 0.001, 0.02, 500, 0, "trailing", rescale_betas_zero_snr=True
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"prediction_type": "sample"},
        {"beta_schedule": "cosine"},
        {"beta_start": 0},
        {"beta_end": 1.5},
        {"num_train_timesteps": 0},
        {"num_train_timesteps": 999.5},
        {"steps_offset": -1},
        {"timestep_spacing": "karras"},
        {"rescale_betas_zero_snr": 1},
    ],
)
def test_nonsense_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    folder = write(tmp_path, BETAS | wrong)
    with pytest.raises(WeightsCorrupt, match=f"scheduler_config.json: {next(iter(wrong))}"):
        read_noise_schedule(folder)


def test_a_flow_is_not_taken_for_noise_prediction() -> None:
    with pytest.raises(WeightsCorrupt, match="flows"):
        read_noise_schedule(PUBLISHED)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"scheduler_config\.json is missing"):
        read_noise_schedule(tmp_path)
