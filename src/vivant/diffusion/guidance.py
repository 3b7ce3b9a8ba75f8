"""Classifier-free guidance, on clean predictions."""

from __future__ import annotations

import torch
from torch import Tensor


def effective_guidance(asked: float, factor: float) -> float:
    """Guidance that a model is run at: 1 + (asked - 1) factor.

    Small models burn at scales that large ones need; their factor lets the same request suit both.
    1 stays 1: no guidance.
    """
    return 1.0 + (asked - 1.0) * factor


def guided(positive: Tensor, negative: Tensor, scale: Tensor, rescale: Tensor | None) -> Tensor:
    """Extrapolates: negative + scale (positive - negative).

    Ho and Salimans 2022 (arXiv 2207.12598), eq. 6, counting the scale from 0 and not from -1.
    Clean predictions are linear in the network's output, so guiding either is the same.

    Args:
        positive: clean predictions with the prompt, [rows, channels, height, width].
        negative: clean predictions with the negative prompt, of the same shape.
        scale: one per row.
        rescale: one per row, 0 to 1: how far each row's standard deviation goes back to that of
            `positive` (Lin et al. 2023, arXiv 2305.08891, eq. 15-16); None for not at all.
    """
    result = torch.lerp(negative, positive, _per_row(scale))
    if rescale is None:
        return result
    rest = tuple(range(1, positive.ndim))
    spread = positive.std(rest, keepdim=True)
    ratio = spread / result.std(rest, keepdim=True).clamp(min=1e-8)
    return result * (1.0 + _per_row(rescale) * (ratio - 1.0))


def _per_row(values: Tensor) -> Tensor:
    return values.reshape(-1, 1, 1, 1)
