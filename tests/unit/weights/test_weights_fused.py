from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from diffusers.models.activations import GEGLU, GELU
from diffusers.models.attention import FeedForward
from torch import Tensor, nn

from vivant.weights import fused
from vivant.weights.fused import (
    FusedGEGLU,
    FusedGELU,
    FusedLinear,
    SlicedFeedForward,
    applies,
    fuse,
    unfuse,
)

LAYERS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(48, 96),
    "linear without bias": lambda: nn.Linear(48, 96, bias=False),
    "gelu": lambda: GELU(48, 96),
    "gelu by tanh": lambda: GELU(48, 96, approximate="tanh"),
    "geglu": lambda: GEGLU(48, 96),
    "geglu without bias": lambda: GEGLU(48, 96, bias=False),
    "feed-forward": lambda: FeedForward(48, 96, mult=2),
}

needs_bfloat16 = pytest.mark.skipif(not applies(), reason="the processor has no bfloat16")


class Counted:
    """The operators, and how often they were called."""

    def __init__(self) -> None:
        self.inner, self.calls = fused._linear, 0

    def __call__(self, *args: object) -> Tensor:
        self.calls += 1
        out: Tensor = self.inner(*args)
        return out

    def binary(self, *args: object) -> Tensor:
        self.calls += 1
        out: Tensor = self.inner.binary(*args)
        return out


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    operators = Counted()
    monkeypatch.setattr(fused, "_linear", operators)
    return operators


def both(kind: str, dtype: torch.dtype, shape: tuple[int, ...]) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    return LAYERS[kind]().to(dtype), torch.randn(shape).to(dtype)


@needs_bfloat16
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("shape", [(2, 7, 48), (48,), (5, 48)])
@torch.inference_mode()
def test_fused_layers_say_what_exact_ones_say(
    kind: str, shape: tuple[int, ...], counted: Counted
) -> None:
    """As near to float32 as torch's own layers, or within the two roundings of bfloat16 left."""
    layer, x = both(kind, torch.bfloat16, shape)
    exact = LAYERS[kind]()
    exact.load_state_dict(layer.state_dict())
    wanted, plain = exact(x.float()), layer(x).float()
    network = nn.Sequential(layer)
    fuse(network)
    found = network(x).float()
    assert counted.calls > 0
    assert found.shape == wanted.shape
    bound = max((plain - wanted).abs().max().item(), 2**-7 * wanted.abs().max().item())
    assert (found - wanted).abs().max() <= bound


@needs_bfloat16
@pytest.mark.parametrize("shape", [(2, 7, 48), (4, 48), (9, 48)])
@torch.inference_mode()
def test_a_feed_forward_layer_takes_a_few_tokens_at_once(
    shape: tuple[int, ...], counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, x = both("feed-forward", torch.bfloat16, shape)
    fuse(layer)
    whole = layer(x)
    counted.calls = 0
    monkeypatch.setattr(fused, "TOKENS_AT_ONCE", 4)
    found = layer(x)
    slices = math.ceil(x[..., 0].numel() / 4)
    assert counted.calls == 3 * slices  # two for the gate, one for what comes out
    torch.testing.assert_close(found, whole)


@pytest.mark.parametrize("kind", LAYERS)
def test_elsewhere_layers_do_what_they_did(kind: str, counted: Counted) -> None:
    layer, x = both(kind, torch.float32, (2, 7, 48))
    before = layer(x)
    fuse(layer)
    assert torch.equal(layer(x), before)
    half, y = both(kind, torch.bfloat16, (2, 7, 48))
    before = half(y)
    fuse(half)
    assert torch.equal(half(y), before)  # gradients are wanted
    with torch.inference_mode():
        assert half(y[:0]).shape == before[:0].shape
    assert counted.calls == 0


def test_names_and_parameters_stay_and_fusing_can_be_undone() -> None:
    network = nn.Sequential(*(make() for make in LAYERS.values()), nn.LayerNorm(96))
    names, parameters = list(network.state_dict()), list(network.parameters())
    fuse(network)
    assert [type(layer) for layer in network] == [
        FusedLinear, FusedLinear, FusedGELU, FusedGELU, FusedGEGLU, FusedGEGLU,
        SlicedFeedForward, nn.LayerNorm,
    ]  # fmt: skip
    assert list(network.state_dict()) == names
    assert all(a is b for a, b in zip(network.parameters(), parameters, strict=True))
    unfuse(network)
    assert [type(layer) for layer in network[:3]] == [nn.Linear, nn.Linear, GELU]
    assert type(network[2].proj) is nn.Linear
    assert type(network[6]) is FeedForward


@needs_bfloat16
@torch.inference_mode()
def test_a_layer_with_an_adapter_around_its_linear_layer_is_left_alone(counted: Counted) -> None:
    """As peft wraps them: what the wrapper adds must not be lost."""

    class Wrapped(nn.Module):
        def __init__(self, base: nn.Module) -> None:
            super().__init__()
            self.base_layer = base
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            return torch.ones_like(x).repeat_interleave(4, -1)

    layer, x = both("geglu", torch.bfloat16, (2, 7, 48))
    assert isinstance(layer, GEGLU)
    layer.proj = Wrapped(layer.proj)
    fuse(layer)
    assert torch.allclose(layer(x).float(), torch.tensor(0.84), atol=0.01)  # gelu(1)
    assert counted.calls == 0
