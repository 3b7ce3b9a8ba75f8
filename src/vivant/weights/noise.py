"""The noise that a model was trained with, as its scheduler's configuration tells it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.config_files import build, field_names, read_object

SCHEDULER_FILE = Path("scheduler") / "scheduler_config.json"

Beta = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True)
class NoiseSchedule:
    """Betas, and what the network predicts; the defaults are those of the published SDXL.

    Attributes:
        prediction_type: "epsilon" for the noise, or "v_prediction" for sqrt(a) noise -
            sqrt(1 - a) clean, with a the running product of 1 - beta (Salimans and Ho 2022,
            arXiv 2202.00512, appendix D).
        beta_schedule: "scaled_linear" where the square roots of the betas are evenly spaced
            (Rombach et al. 2022, arXiv 2112.10752), "linear" where the betas are.
        beta_start: first beta, between 0 and 1.
        beta_end: last beta, between 0 and 1.
        num_train_timesteps: how many there are.
        steps_offset: added to the timesteps of "leading" spacing.
        timestep_spacing: how the published pipeline picks its timesteps.
        rescale_betas_zero_snr: the betas are rescaled so that the last timestep is pure noise (Lin
            et al. 2023, arXiv 2305.08891, algorithm 1).
    """

    prediction_type: Literal["epsilon", "v_prediction"] = "epsilon"
    beta_schedule: Literal["scaled_linear", "linear"] = "scaled_linear"
    beta_start: Beta = 0.00085
    beta_end: Beta = 0.012
    num_train_timesteps: Annotated[int, Field(ge=1)] = 1000
    steps_offset: Annotated[int, Field(ge=0)] = 1
    timestep_spacing: Literal["leading", "trailing", "linspace"] = "leading"
    rescale_betas_zero_snr: bool = False


def read_noise_schedule(folder: Path) -> NoiseSchedule:
    """Read a model folder's `scheduler/scheduler_config.json`.

    Its other settings say how the published pipeline samples, and are not read.

    Raises:
        WeightsUnavailable: there is no such file.
        WeightsCorrupt: it is not JSON, or a setting is not one of those above.
    """
    path = folder / SCHEDULER_FILE
    if not path.is_file():
        raise WeightsUnavailable(f"{path} is missing")
    content = read_object(path)
    if "beta_start" not in content:
        raise WeightsCorrupt(f"{path}: beta_start is missing; flows are not supported here")
    known = field_names(NoiseSchedule)
    stated = {name: value for name, value in content.items() if name in known}
    return build(NoiseSchedule, stated, path)
