"""Writes kdiffusion.npz: what k-diffusion's samplers do on a small model, step for step.

Run it in an environment of its own, since k-diffusion is no dependency of this project:

    python -m venv kd && kd/bin/pip install torch numpy scipy tqdm torchsde torchdiffeq
    kd/bin/pip install --no-deps k-diffusion==0.1.1.post1
    kd/bin/python tests/reference/make_kdiffusion.py

The model is a closed formula (see `clean`), so that the test can state it again; noise is a formula
too (see `noise`), so that stochastic samplers can be compared number by number.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

SIGMAS = {
    "to_zero": [14.6, 9.1, 5.2, 3.3, 1.9, 1.1, 0.6, 0.31, 0.12, 0.03, 0.0],
    "to_low": [14.6, 9.1, 5.2, 3.3, 1.9, 1.1, 0.6, 0.31, 0.12, 0.03],
}
SHAPE = (1, 4, 3, 5)

PLAIN = ["euler", "heun", "dpm_2", "lms", "dpmpp_2m"]
NOISY = [
    "euler_ancestral",
    "dpm_2_ancestral",
    "dpmpp_2s_ancestral",
    "dpmpp_sde",
    "dpmpp_2m_sde",
    "dpmpp_3m_sde",
]
ENDS_ONLY = {"dpm_fast_9": 9, "dpm_fast_10": 10, "dpm_fast_11": 11, "dpm_adaptive": None}


def start() -> torch.Tensor:
    """Start latents at the first sigma."""
    return SIGMAS["to_zero"][0] * noise(0)


def noise(call: int) -> torch.Tensor:
    """The noise of the `call`-th draw; 0 is the start."""
    count = int(np.prod(SHAPE))
    wave = 1.4 * np.sin(1.7 * np.arange(count) + 2.3 * call + 0.4)
    return torch.tensor(wave, dtype=torch.float64).reshape(SHAPE)


def clean(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """A smooth, nonlinear prediction that leans on x as sigma falls."""
    sigma = sigma.reshape(-1, 1, 1, 1)
    return torch.tanh(x / (1.0 + sigma**2)) + 0.3 * torch.sin(3.0 * x / (1.0 + sigma))


def kdiffusion_sampling() -> types.ModuleType:
    """k_diffusion.sampling without the package's own imports, which want a training set-up."""
    spec = importlib.util.find_spec("k_diffusion")
    package = types.ModuleType("k_diffusion")
    package.__path__ = list(spec.submodule_search_locations)
    package.utils = types.ModuleType("k_diffusion.utils")
    package.utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]
    sys.modules |= {"k_diffusion": package, "k_diffusion.utils": package.utils}
    # Only its likelihood estimate needs an ODE library.
    sys.modules.setdefault("torchdiffeq", types.SimpleNamespace(odeint=None))
    return importlib.import_module("k_diffusion.sampling")


def counted_noise() -> Callable[[object, object], torch.Tensor]:
    """A noise sampler that returns noise(1), noise(2) and so on."""
    calls = iter(range(1, 1000))
    return lambda _sigma, _sigma_next: noise(next(calls))


def main() -> None:
    """Runs every sampler and writes the results."""
    sampling = kdiffusion_sampling()
    results = {}
    for schedule, values in SIGMAS.items():
        sigmas = torch.tensor(values, dtype=torch.float64)
        for name in PLAIN:
            run = getattr(sampling, f"sample_{name}")
            results[f"{name}/{schedule}"] = run(clean, start(), sigmas, disable=True)
        for name in NOISY:
            run = getattr(sampling, f"sample_{name}")
            results[f"{name}/{schedule}"] = run(
                clean, start(), sigmas, disable=True, noise_sampler=counted_noise()
            )
    high, low = SIGMAS["to_low"][0], SIGMAS["to_low"][-1]
    for name, evaluations in ENDS_ONLY.items():
        run = getattr(sampling, f"sample_{name.rsplit('_', 1)[0] if evaluations else name}")
        arguments = [] if evaluations is None else [evaluations]
        results[name] = run(clean, start(), low, high, *arguments)
    path = Path(__file__).with_name("kdiffusion.npz")
    np.savez_compressed(path, **{name: value.numpy() for name, value in results.items()})


if __name__ == "__main__":
    main()
