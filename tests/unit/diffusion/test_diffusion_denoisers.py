from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import SD3ControlNetModel, SD3Transformer2DModel
from torch import Tensor, nn

from vivant.diffusion.denoisers import PoseCondition, SD3Denoiser
from vivant.diffusion.parametrisations import RectifiedFlow

NET = {
    "sample_size": 8,
    "patch_size": 2,
    "in_channels": 4,
    "out_channels": 4,
    "attention_head_dim": 8,
    "num_attention_heads": 2,
    "joint_attention_dim": 12,
    "caption_projection_dim": 16,
    "pooled_projection_dim": 6,
    "pos_embed_max_size": 8,
}


class CountingControlNet(SD3ControlNetModel):  # type: ignore[misc]  # diffusers is untyped
    """Notes how many rows it is given, and what pooled text."""

    def forward(self, *, hidden_states: Tensor, pooled_projections: Tensor, **others: Any) -> Any:
        self.rows = [*getattr(self, "rows", []), len(hidden_states)]
        self.pooled = pooled_projections
        return super().forward(
            hidden_states=hidden_states, pooled_projections=pooled_projections, **others
        )


def awake(net: nn.Module) -> nn.Module:
    """Random weights where a fresh network has zeros, so that nothing is without effect."""
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.2)
    return net.eval()


def denoiser(**control: Any) -> SD3Denoiser:
    torch.manual_seed(0)
    return SD3Denoiser(
        transformer=awake(SD3Transformer2DModel(num_layers=3, **NET)),
        controlnet=awake(CountingControlNet(num_layers=2, **{**NET, **control})),
        parametrisation=RectifiedFlow(3.0),
        dtype=torch.float32,
    )


def condition(seed: int, strength: float) -> PoseCondition:
    generator = torch.Generator().manual_seed(seed)
    return PoseCondition(
        tokens=torch.randn(5, 12, generator=generator),
        pooled=torch.randn(6, generator=generator),
        control=torch.randn(4, 8, 8, generator=generator),
        strength=strength,
    )


X = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(9))
SIGMA = torch.tensor([1.0, 0.7, 0.4, 0.1])


def test_the_clean_prediction_is_x_minus_sigma_times_velocity() -> None:
    model = denoiser()
    row = condition(1, 0.6)
    clean = model.bind([row])(X[:1], SIGMA[1:2])
    told = {"hidden_states": X[:1], "timestep": torch.tensor([700.0])}
    with torch.inference_mode():
        residuals = model.controlnet(
            **told,
            controlnet_cond=row.control[None],
            conditioning_scale=0.6,
            encoder_hidden_states=row.tokens[None],
            pooled_projections=torch.zeros(1, 6),
            return_dict=False,
        )[0]
        velocity = model.transformer(
            **told,
            encoder_hidden_states=row.tokens[None],
            pooled_projections=row.pooled[None],
            block_controlnet_hidden_states=residuals,
            return_dict=False,
        )[0]
    torch.testing.assert_close(clean, X[:1] - 0.7 * velocity)


def test_strength_zero_does_not_run_the_control_net() -> None:
    model = denoiser()
    rows = [condition(seed, 0.0) for seed in range(4)]
    clean = model.bind(rows)(X, SIGMA)
    assert not hasattr(model.controlnet, "rows")
    without = [PoseCondition(row.tokens, row.pooled) for row in rows]
    assert torch.equal(clean, model.bind(without)(X, SIGMA))


@pytest.mark.parametrize("strengths", [[0.8, 0.0, 0.3, 0.0], [0.5, 0.5, 0.5, 0.5], [0, 1, 1, 1]])
def test_rows_with_their_own_sigma_and_strength_equal_rows_alone(strengths: list[float]) -> None:
    model = denoiser()
    rows = [condition(seed, strength) for seed, strength in enumerate(strengths)]
    together = model.bind(rows)(X, SIGMA)
    assert model.controlnet.rows == [sum(strength > 0 for strength in strengths)]
    for i, row in enumerate(rows):
        alone = model.bind([row])(X[i : i + 1], SIGMA[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-4, atol=1e-5)


def test_strength_matters() -> None:
    model = denoiser()
    weak, strong = (model.bind([condition(1, s)])(X[:1], SIGMA[:1]) for s in (0.1, 0.9))
    assert float((weak - strong).abs().max()) > 1e-3


def test_conditions_are_stacked_once_for_many_calls() -> None:
    model = denoiser()
    denoise = model.bind([condition(1, 0.5)] * 4)
    assert torch.equal(denoise(X, SIGMA), denoise(X, SIGMA))
    assert model.controlnet.rows == [4, 4]


def test_pooled_text_is_withheld_where_the_control_net_says_so() -> None:
    zeros, given = denoiser(), denoiser(force_zeros_for_pooled_projection=False)
    row = condition(1, 0.5)
    for model in (zeros, given):
        model.bind([row])(X[:1], SIGMA[:1])
    assert torch.equal(zeros.controlnet.pooled, torch.zeros(1, 6))
    assert torch.equal(given.controlnet.pooled, row.pooled[None])


def test_control_nets_without_text_attention() -> None:
    model = denoiser(joint_attention_dim=None)
    clean = model.bind([condition(1, 0.5)])(X[:1], SIGMA[:1])
    assert bool(clean.isfinite().all())


def test_half_precision_networks_take_and_give_float32() -> None:
    model = denoiser()
    half = SD3Denoiser(
        model.transformer.to(torch.bfloat16),
        model.controlnet.to(torch.bfloat16),
        model.parametrisation,
        torch.bfloat16,
    )
    clean = half.bind([condition(seed, 0.2 * seed) for seed in range(4)])(X, SIGMA)
    assert clean.dtype == torch.float32
    assert bool(clean.isfinite().all())
