"""Layers that take one pass over memory where torch takes several, on processors with bfloat16.

There, torch copies a linear layer's bias into the result and adds the product to it; a gated layer
writes both halves, reads one, bends it, writes it, and multiplies. oneDNN, which does torch's
matrix products, does either as it writes the product ("post-ops"), by operators that torch keeps
for its own compiler. Layers keep their names, parameters and places; where an operator does not
apply (another device, processor or number format, training) they do what they did before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from diffusers.models.activations import GEGLU, GELU
from diffusers.models.attention import FeedForward
from torch import Tensor, nn

_linear = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 - the compiler's; torch is pinned
"""Of (x, weight, bias, what follows, its scalars, its kind).

`.binary` is of (x, other factor, weight, bias, how the two are joined).
"""


@cache
def applies() -> bool:
    """Whether this processor, by this build of torch, has the operators for bfloat16."""
    supported = torch.ops.mkldnn._is_mkldnn_bf16_supported  # noqa: SLF001 - as above
    available: Callable[[], bool] = torch.backends.mkldnn.is_available
    return available() and bool(supported())


def _fits(x: Tensor, layer: nn.Module) -> bool:
    return (
        type(layer) is FusedLinear
        and x.device.type == "cpu"
        and x.dtype == layer.weight.dtype == torch.bfloat16
        and x.numel() > 0
        and not torch.is_grad_enabled()
        and applies()
    )


class FusedLinear(nn.Linear):
    """A linear layer whose bias is added as the product is written."""

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        if not _fits(x, self):
            return super().forward(x)
        out: Tensor = _linear(x, self.weight, self.bias, "none", [], "")
        return out


class FusedGELU(GELU):  # type: ignore[misc]  # diffusers has no types
    """A linear layer and a GELU in one."""

    def forward(self, hidden_states: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        layer = self.proj
        if not _fits(hidden_states, layer):
            plain: Tensor = super().forward(hidden_states)
            return plain
        kind = self.approximate
        out: Tensor = _linear(hidden_states, layer.weight, layer.bias, "gelu", [], kind)
        return out


class FusedGEGLU(GEGLU):  # type: ignore[misc]  # diffusers has no types
    """A linear layer whose first half is multiplied by the GELU of its second."""

    def forward(self, hidden_states: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        layer = self.proj
        if not _fits(hidden_states, layer):
            plain: Tensor = super().forward(hidden_states)
            return plain
        weight, gate_weight = layer.weight.chunk(2)
        bias, gate_bias = (None, None) if layer.bias is None else layer.bias.chunk(2)
        gate = _linear(hidden_states, gate_weight, gate_bias, "gelu", [], "none")
        out: Tensor = _linear.binary(hidden_states, gate, weight, bias, "mul")
        return out


TOKENS_AT_ONCE = 1024
"""Of a feed-forward layer: little enough that what they need inside stays in a core's cache."""


class SlicedFeedForward(FeedForward):  # type: ignore[misc]  # diffusers has no types
    """A feed-forward layer that takes some tokens after the others."""

    def forward(self, hidden_states: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        tokens = hidden_states.reshape(-1, hidden_states.shape[-1])
        if len(tokens) <= TOKENS_AT_ONCE or not _fits(hidden_states, self.net[-1]):
            plain: Tensor = super().forward(hidden_states)
            return plain
        through = super().forward
        slices = [through(some) for some in torch.split(tokens, TOKENS_AT_ONCE)]
        return torch.cat(slices).reshape(*hidden_states.shape[:-1], -1)


_FUSED: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: FusedLinear,
    GELU: FusedGELU,
    GEGLU: FusedGEGLU,
    FeedForward: SlicedFeedForward,
}


def fuse(network: nn.Module) -> None:
    """Let every layer of a network that can take one pass do so."""
    _exchange(network, _FUSED)


def unfuse(network: nn.Module) -> None:
    """Give a network torch's and diffusers' own layers back, to compare with."""
    _exchange(network, {fused: plain for plain, fused in _FUSED.items()})


def _exchange(network: nn.Module, classes: dict[type[nn.Module], type[nn.Module]]) -> None:
    for layer in network.modules():
        if type(layer) in classes:
            layer.__class__ = classes[type(layer)]
