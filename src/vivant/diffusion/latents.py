"""Latents: their size, and the noise they start from, one seeded stream for each sample."""

from __future__ import annotations

import math

import torch
import torchsde
from torch import Tensor

from vivant.base.errors import InvalidInput
from vivant.diffusion.samplers.common import Increments


def latent_shape(
    width: int,
    height: int,
    *,
    channels: int,
    pixels_per_latent: int,
    multiple: int,
    largest: int | None = None,
) -> tuple[int, int, int]:
    """The shape (channels, rows, columns) of the latents of a picture.

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        channels: of the latents.
        pixels_per_latent: the autoencoder's factor.
        multiple: both sides must be multiples of it, in pixels.
        largest: longest side that the network has positions for, in pixels; None for no limit.

    Raises:
        InvalidInput: a side is off the grid, not positive or too long.
    """
    for field, side in (("width", width), ("height", height)):
        if side < multiple or side % multiple or (largest is not None and side > largest):
            limit = "" if largest is None else f" up to {largest // multiple * multiple}"
            raise InvalidInput(field, side, f"a multiple of {multiple}{limit}")
    return channels, height // pixels_per_latent, width // pixels_per_latent


class NoiseStream:
    """All the noise of one sample, in the order it is asked for.

    Drawn on the CPU in float32 and then moved, so that pictures do not depend on the device.

    Args:
        seed: of this sample alone; 0 to 2^64 - 1.
        shape: of the latents.
        device: where the noise is wanted.
    """

    def __init__(self, seed: int, shape: tuple[int, ...], device: torch.device | str) -> None:
        self._generator = torch.Generator("cpu").manual_seed(seed)
        self._shape = shape
        self._device = torch.device(device)

    def draw(self) -> Tensor:
        """Fresh unit noise."""
        noise = torch.randn(self._shape, generator=self._generator, dtype=torch.float32)
        return noise.to(self._device)

    def brownian(self, high: float) -> Increments:
        """A Brownian path over sigma in (0, high]; increments are scaled to unit variance.

        It unfolds as it is asked for: the same increments in the same order are always the same,
        and increments that overlap agree.
        """
        path = torchsde.BrownianInterval(
            t0=0.0,
            t1=float(math.ceil(high)),  # whole, since it rounds its ends and then misses ours
            size=self._shape,
            dtype=torch.float32,
            device="cpu",
            entropy=int(torch.randint(2**62, (), generator=self._generator)),
        )

        def increment(sigma: float, sigma_next: float) -> Tensor:
            # Time runs from noise to picture, against sigma.
            change: Tensor = -path(sigma_next, sigma) / math.sqrt(sigma - sigma_next)
            return change.to(self._device)

        return increment
