"""Attention for training: the formula itself where that is faster than torch's kernels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def plain_attention(query: Tensor, key: Tensor, value: Tensor, *, causal: bool = False) -> Tensor:
    """softmax(q k^T / sqrt(width)) v, each step in the numbers that it was given."""
    scores = (query * query.shape[-1] ** -0.5) @ key.mT
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(later, float("-inf"))
    return scores.softmax(-1) @ value


@contextmanager
def attention_for(device: torch.device) -> Iterator[None]:
    """Train with `plain_attention` on a CPU; elsewhere torch chooses.

    There the fused kernel's backward pass is slow, and the plain one that torch has goes through
    float32: in bfloat16 the formula takes less than half its time.
    """
    if device.type != "cpu":
        yield
        return
    kernel = F.scaled_dot_product_attention

    def attention(query: Tensor, key: Tensor, value: Tensor, *more: Any, **named: Any) -> Tensor:
        if any(more) or named.get("attn_mask") is not None:
            return kernel(query, key, value, *more, **named)
        return plain_attention(query, key, value, causal=bool(named.get("is_causal")))

    F.scaled_dot_product_attention = attention
    try:
        yield
    finally:
        F.scaled_dot_product_attention = kernel
