"""A pose model whose patches were halved: the same picture, in four times as many tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTokenizer

from training.halve_patches import halved_output, halved_positions, main, with_halved_patches
from training.models import PoseNetworks, load_pipeline, save_pipeline
from training.train_pose import TRAITS
from vivant.weights.load import load_pose_model

EMBEDDED = Path(__file__).parents[3] / "src/vivant/weights/embedded/pose"


@pytest.fixture(scope="module")
def small() -> PoseNetworks:
    """Networks with patches of 2, as they begin, but with gates that are open."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer")
    nets = PoseNetworks(len(tokenizer), "small")
    with torch.no_grad():
        for parameter in nets.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.02 if parameter.ndim > 1 else 0.2)
    return nets


def _velocity(nets: PoseNetworks, latents: Tensor, control: Tensor) -> Tensor:
    count = len(latents)
    ids = torch.arange(40).expand(count, -1)
    with torch.inference_mode():
        return nets(
            latents, torch.linspace(0.3, 0.9, count), ids, control, torch.full((count,), 0.8)
        )


def test_each_latent_lies_where_its_quarter_of_the_patch_lies(small: PoseNetworks) -> None:
    patches = small.transformer.pos_embed
    latents = with_halved_patches(small).transformer.pos_embed
    of_patches = patches.cropped_pos_embed(16, 16).unflatten(1, (8, 8))[0]
    of_latents = latents.cropped_pos_embed(16, 16).unflatten(1, (16, 16))[0]
    middle = of_latents.unflatten(0, (8, 2)).unflatten(2, (8, 2)).mean((1, 3))
    assert torch.allclose(middle, of_patches, atol=0.005)
    assert not torch.allclose(middle.transpose(0, 1), of_patches, atol=0.05)


def test_positions_are_those_of_a_grid_twice_as_fine() -> None:
    coarse = torch.zeros(1, 4 * 4, 8)
    assert halved_positions(coarse, 8).shape == (1, 8 * 8, 8)


def test_output_rows_are_the_mean_of_a_patch() -> None:
    rows = torch.arange(64.0).reshape(2, 2, 16)
    assert torch.equal(halved_output(rows.reshape(64)), rows.mean((0, 1)))


def test_flat_patches_give_nearly_the_velocity_that_they_gave(small: PoseNetworks) -> None:
    """Where a patch's four latents are one colour, all that changes is how many tokens look."""
    torch.manual_seed(0)
    latents, control = (
        torch.randn(3, 16, 8, 8).repeat_interleave(2, 2).repeat_interleave(2, 3) for _ in range(2)
    )
    before, after, other = (
        torch.nn.functional.avg_pool2d(_velocity(nets, latents, control), 2)
        for nets in (
            small,
            with_halved_patches(small),
            PoseNetworks(small.text[0].config.vocab_size, "sharp"),
        )
    )
    spread = before.pow(2).mean()
    assert (after - before).pow(2).mean() < 0.05 * spread
    assert (other - before).pow(2).mean() > 0.5 * spread


def test_the_folder_loads_as_any_other(
    small: PoseNetworks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coarse, fine = tmp_path / "small", tmp_path / "sharp"
    vae = AutoencoderKL.from_pretrained(EMBEDDED / "vae", torch_dtype=torch.float32)
    save_pipeline(coarse, small, vae, EMBEDDED / "tokenizer", TRAITS)
    monkeypatch.setattr("sys.argv", f"halve --model {coarse} --out {fine}".split())
    main()
    model = load_pose_model(str(fine))
    assert model.transformer.config.patch_size == 1
    again = load_pipeline(fine, "sharp")
    assert again.transformer.pos_embed.proj.weight.shape == (192, 16, 1, 1)
