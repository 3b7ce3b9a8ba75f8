"""How clean latents and noise mix at a noise level sigma, and what a network says about the mix.

Both kinds of model share the ODE dx/dsigma = (x - clean) / sigma (Karras et al. 2022,
arXiv 2206.00364, eq. 3), so deterministic samplers need nothing from here. Whatever adds noise
does: it must keep x on the model's own line alpha(sigma) * clean + sigma * noise.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TABLE_LENGTH = 1000
"""Training timesteps of all models that we run."""

ALMOST_ONE = 1.0 - 1e-4
"""Stands in for sigma = 1 of a flow where the log signal-to-noise ratio must be finite."""


class Parametrisation(ABC):
    """A family of models: alpha(sigma), the sigma table, and the network's inputs and output.

    Args:
        table: sigmas of the training timesteps, ascending, length 1000.
    """

    def __init__(self, table: Sequence[float]) -> None:
        self.table = tuple(table)

    @property
    def sigma_min(self) -> float:
        """The smallest sigma that the network was trained on."""
        return self.table[0]

    @property
    def sigma_max(self) -> float:
        """The largest sigma that the network was trained on."""
        return self.table[-1]

    @abstractmethod
    def time(self, sigma: float) -> float:
        """The coordinate along which schedules space their steps evenly; inverse of `sigma_at`."""

    @abstractmethod
    def sigma_at(self, time: float) -> float:
        """The sigma at a (fractional) time; inverse of `time`."""

    @abstractmethod
    def timestep(self, sigma: Tensor) -> Tensor:
        """What the network is told about each row's noise, of the shape of `sigma`."""

    @abstractmethod
    def net_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Latents as the network wants them; `sigma` broadcasts against `x`."""

    @abstractmethod
    def clean(self, x: Tensor, sigma: Tensor, output: Tensor) -> Tensor:
        """The clean prediction that the network's `output` at `x` stands for."""

    @abstractmethod
    def start(self, noise: Tensor, sigma: float) -> Tensor:
        """Start latents at `sigma` from unit noise, when there is no picture to start from."""

    @abstractmethod
    def alpha(self, sigma: float) -> float:
        """The share of clean latents: x = alpha clean + sigma noise."""

    @abstractmethod
    def sigma_of_half_log_snr(self, value: float) -> float:
        """Inverse of `half_log_snr`."""

    @abstractmethod
    def ancestral_step(
        self, sigma: float, sigma_next: float, eta: float = 1.0
    ) -> tuple[float, float, float]:
        """Splits a step into one down along the ODE and one back up by fresh noise.

        Returns:
            (sigma_down, scale, sigma_up): go to sigma_down, then x = scale * x + sigma_up * noise
            is at `sigma_next` again.
        """

    def half_log_snr(self, sigma: float) -> float:
        """ln(alpha / sigma), the lambda of Lu et al. 2022 (arXiv 2211.01095), sec. 2.1."""
        return math.log(self.alpha(sigma) / sigma)

    def finite(self, sigmas: Sequence[float]) -> list[float]:
        """The same sigmas, moved where needed to where `half_log_snr` is finite."""
        return list(sigmas)

    def noised(self, clean: Tensor, sigma: float, noise: Tensor) -> Tensor:
        """Clean latents with fresh noise at `sigma`."""
        return self.alpha(sigma) * clean + sigma * noise


class RectifiedFlow(Parametrisation):
    """x = (1 - sigma) clean + sigma noise; the network predicts noise - clean.

    Esser et al. 2024 (arXiv 2403.03206): sec. 2 for the path, eq. 23 for the time shift, which
    moves training and sampling towards more noise, as larger pictures need.

    Args:
        shift: the time shift, > 0; 3 for Stable Diffusion 3, 1 for none.
    """

    def __init__(self, shift: float = 3.0) -> None:
        if shift <= 0:
            raise ValueError(f"the time shift must be positive, not {shift}")
        self.shift = shift
        super().__init__([self.sigma_at(i / TABLE_LENGTH) for i in range(1, TABLE_LENGTH + 1)])

    def time(self, sigma: float) -> float:
        """Time in (0, 1] before the shift."""
        return sigma / (self.shift - (self.shift - 1.0) * sigma)

    def sigma_at(self, time: float) -> float:
        """The shifted time, shift t / (1 + (shift - 1) t)."""
        return self.shift * time / (1.0 + (self.shift - 1.0) * time)

    def timestep(self, sigma: Tensor) -> Tensor:
        """1000 sigma."""
        return sigma * TABLE_LENGTH

    def net_input(self, x: Tensor, sigma: Tensor) -> Tensor:  # noqa: ARG002 - asked of all
        """Latents as they are."""
        return x

    def clean(self, x: Tensor, sigma: Tensor, output: Tensor) -> Tensor:
        """The start of the straight line: x - sigma v."""
        return x - sigma * output

    def start(self, noise: Tensor, sigma: float) -> Tensor:
        """Sigma * noise: the flow at `sigma` with clean latents of zero."""
        return sigma * noise

    def alpha(self, sigma: float) -> float:
        """1 - sigma."""
        return 1.0 - sigma

    def sigma_of_half_log_snr(self, value: float) -> float:
        """The logistic function of -lambda."""
        return 1.0 / (1.0 + math.exp(value))

    def finite(self, sigmas: Sequence[float]) -> list[float]:
        """A first sigma of 1 made 1 - 1e-4, since no signal at all has no logarithm."""
        first, *rest = sigmas
        if first >= 1.0:
            # A large shift crowds the table there, and sigmas must go on descending.
            first = max(ALMOST_ONE, 0.5 * (1.0 + rest[0]))
        return [first, *rest]

    def ancestral_step(
        self, sigma: float, sigma_next: float, eta: float = 1.0
    ) -> tuple[float, float, float]:
        """Noise comes with less signal in a flow, so the way up also scales x down."""
        if sigma_next == 0.0:
            return 0.0, 1.0, 0.0
        down = sigma_next * (1.0 + (sigma_next / sigma - 1.0) * eta)
        scale = (1.0 - sigma_next) / (1.0 - down)
        up = math.sqrt(max(sigma_next**2 - (down * scale) ** 2, 0.0))
        return down, scale, up


BetaSchedule: TypeAlias = Literal["scaled_linear", "linear", "squaredcos_cap_v2"]
"""Even steps in the square root of beta (latent diffusion), in beta itself (DDPM), or a cosine."""

LEAST_SIGNAL = 1e-6
"""Stands in for no signal at all, where the betas leave none, so that sigma stays finite."""


class EpsilonPrediction(Parametrisation):
    """x = clean + sigma noise; the network sees x / sqrt(1 + sigma^2) and predicts the noise.

    The sigma table follows from the betas: sigma^2 = (1 - a) / a with a the running product of
    1 - beta (Ho et al. 2020, arXiv 2006.11239, sec. 2; scaled-linear betas: Rombach et al. 2022,
    arXiv 2112.10752).

    Args:
        beta_start: first beta, of SDXL.
        beta_end: last beta, of SDXL.
        beta_schedule: how the betas between are spaced.
        zero_snr: whether they are rescaled so that the last timestep is pure noise (Lin et al.
            2023, arXiv 2305.08891, algorithm 1).
    """

    def __init__(
        self,
        beta_start: float = 0.00085,
        beta_end: float = 0.012,
        beta_schedule: BetaSchedule = "scaled_linear",
        *,
        zero_snr: bool = False,
    ) -> None:
        signal = np.cumprod(1.0 - _betas(beta_start, beta_end, beta_schedule))
        if zero_snr:
            root = np.sqrt(signal)
            signal = ((root - root[-1]) * root[0] / (root[0] - root[-1])) ** 2
        signal = np.maximum(signal, LEAST_SIGNAL)
        sigmas = np.sqrt((1.0 - signal) / signal)
        self._log_table = np.log(sigmas)
        super().__init__([float(sigma) for sigma in sigmas])

    def time(self, sigma: float) -> float:
        """Fractional index into the table, 0 to 999, linear in log sigma between entries."""
        index = np.arange(TABLE_LENGTH, dtype=np.float64)
        return float(np.interp(math.log(sigma), self._log_table, index))

    def sigma_at(self, time: float) -> float:
        """The table's sigma at a fractional index, linear in log sigma between entries."""
        index = np.arange(TABLE_LENGTH, dtype=np.float64)
        return math.exp(float(np.interp(time, index, self._log_table)))

    def timestep(self, sigma: Tensor) -> Tensor:
        """Fractional table index, 0 to 999."""
        times = [self.time(value) for value in sigma.flatten().tolist()]
        return torch.tensor(times, dtype=torch.float32, device=sigma.device).reshape(sigma.shape)

    def net_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """X at unit variance."""
        return x / torch.sqrt(1.0 + sigma**2)

    def clean(self, x: Tensor, sigma: Tensor, output: Tensor) -> Tensor:
        """The mean without its noise: x - sigma eps."""
        return x - sigma * output

    def start(self, noise: Tensor, sigma: float) -> Tensor:
        """Noise at the standard deviation that unit-variance latents have at `sigma`."""
        return math.sqrt(1.0 + sigma**2) * noise

    def alpha(self, sigma: float) -> float:  # noqa: ARG002 - asked of all
        """1: the signal is never scaled down."""
        return 1.0

    def sigma_of_half_log_snr(self, value: float) -> float:
        """exp(-lambda)."""
        return math.exp(-value)

    def ancestral_step(
        self, sigma: float, sigma_next: float, eta: float = 1.0
    ) -> tuple[float, float, float]:
        """sigma_down^2 + sigma_up^2 = sigma_next^2; eta 1 is the posterior of DDPM."""
        return variance_exploding_ancestral_step(sigma, sigma_next, eta)


def _betas(start: float, end: float, schedule: BetaSchedule) -> NDArray[np.float64]:
    if schedule == "squaredcos_cap_v2":
        # Nichol and Dhariwal 2021 (arXiv 2102.09672), eq. 17.
        time = np.linspace(0.0, 1.0, TABLE_LENGTH + 1)
        signal = np.cos((time + 0.008) / 1.008 * np.pi / 2) ** 2
        betas: NDArray[np.float64] = np.minimum(1.0 - signal[1:] / signal[:-1], 0.999)
        return betas
    if schedule == "linear":
        return np.linspace(start, end, TABLE_LENGTH)
    roots = np.linspace(start**0.5, end**0.5, TABLE_LENGTH)
    return np.square(roots)


class VPrediction(EpsilonPrediction):
    """The same noise levels; the network predicts v = a noise - b clean, on unit variance.

    With a = 1 / sqrt(1 + sigma^2) and b = sigma a (Salimans and Ho 2022, arXiv 2202.00512, app. D).
    It stays meaningful where hardly any signal is left, so sampling can start from pure noise.
    """

    def clean(self, x: Tensor, sigma: Tensor, output: Tensor) -> Tensor:
        """A (a x) - b v, with x at unit variance as the network saw it."""
        signal = 1.0 / (1.0 + sigma**2)
        return signal * x - sigma * torch.sqrt(signal) * output


def variance_exploding_ancestral_step(
    sigma: float, sigma_next: float, eta: float = 1.0
) -> tuple[float, float, float]:
    """(sigma_down, 1, sigma_up) for x = clean + sigma noise.

    sigma_up^2 = eta^2 sigma_next^2 (1 - sigma_next^2 / sigma^2), at most sigma_next^2: the variance
    of q(x_next | x, clean) in Ho et al. 2020 (arXiv 2006.11239), eq. 7, for eta = 1.
    """
    share = max(1.0 - (sigma_next / sigma) ** 2, 0.0)
    up = min(sigma_next, eta * sigma_next * math.sqrt(share))
    return math.sqrt(max(sigma_next**2 - up**2, 0.0)), 1.0, up
