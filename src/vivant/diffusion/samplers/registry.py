"""The samplers by ComfyUI's names, so that settings carry over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from torch import Tensor

from vivant.base.errors import InvalidInput
from vivant.diffusion.parametrisations import Parametrisation
from vivant.diffusion.samplers import ancestral, dpm_solver, ode, sde, unipc
from vivant.diffusion.samplers.common import Noise, Sampler, Sampling


def _noiseless(sampler: Callable[[Tensor, Sequence[float]], Sampling]) -> Sampler:
    """Gives a deterministic sampler the signature that all have."""

    def start(
        x: Tensor, sigmas: Sequence[float], _parametrisation: Parametrisation, _noise: Noise, /
    ) -> Sampling:
        return sampler(x, sigmas)

    return start


SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "euler": _noiseless(ode.euler),
        "euler_ancestral": ancestral.euler_ancestral,
        "heun": _noiseless(ode.heun),
        "heunpp2": _noiseless(ode.heunpp2),
        "dpm_2": _noiseless(ode.dpm_2),
        "dpm_2_ancestral": ancestral.dpm_2_ancestral,
        "lms": _noiseless(ode.lms),
        "dpm_fast": _noiseless(dpm_solver.dpm_fast),
        "dpm_adaptive": _noiseless(dpm_solver.dpm_adaptive),
        "dpmpp_2s_ancestral": ancestral.dpmpp_2s_ancestral,
        "dpmpp_sde": sde.dpmpp_sde,
        "dpmpp_2m": _noiseless(dpm_solver.dpmpp_2m),
        "dpmpp_2m_sde": sde.dpmpp_2m_sde,
        "dpmpp_3m_sde": sde.dpmpp_3m_sde,
        "ddpm": ancestral.ddpm,
        "lcm": ancestral.lcm,
        "ddim": _noiseless(ode.euler),
        "uni_pc": _noiseless(unipc.uni_pc),
        "uni_pc_bh2": _noiseless(unipc.uni_pc_bh2),
    }
)
"""All samplers. DDIM without noise is Euler in sigma."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        # Elsewhere these draw their noise on the GPU; here noise never depends on the device.
        "dpmpp_sde_gpu": "dpmpp_sde",
        "dpmpp_2m_sde_gpu": "dpmpp_2m_sde",
        "dpmpp_3m_sde_gpu": "dpmpp_3m_sde",
        "p_sampler": "ddpm",
    }
)
"""Other names that are accepted."""

SAMPLER_NAMES: tuple[str, ...] = (*SAMPLERS, *ALIASES)
"""Everything that a request's `sampler` may say."""

DROPS_PENULTIMATE = frozenset({"dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"})
"""Samplers whose schedule is one step longer and leaves out its penultimate sigma."""


def check_sampler(name: str) -> str:
    """The sampler's own name, aliases resolved.

    Raises:
        InvalidInput: there is no such sampler; the message lists those that are.
    """
    resolved = ALIASES.get(name, name)
    if resolved not in SAMPLERS:
        raise InvalidInput("sampler", name, f"one of: {', '.join(SAMPLER_NAMES)}")
    return resolved


def sampler_by_name(name: str) -> Sampler:
    """The sampler of that name or alias.

    Raises:
        InvalidInput: there is no such sampler; the message lists those that are.
    """
    return SAMPLERS[check_sampler(name)]
