from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from vivant.weights.load import load_story_model
from vivant.weights.tiny_story import Flavour, save_tiny_story_model


@pytest.mark.parametrize(("flavour", "pixels_per_latent"), [("published", 8), ("embedded", 16)])
def test_self_attention_sits_on_both_grids(
    tmp_path: Path, flavour: Flavour, pixels_per_latent: int
) -> None:
    """Up blocks attend to tokens of 16 x 16 pixels, and of 32 x 32."""
    folder = save_tiny_story_model(tmp_path, flavour=flavour)
    model = load_story_model(str(folder), device="cpu")
    height, width = 64, 96
    tokens: set[int] = set()

    def note(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        tokens.add(inputs[0].shape[1])

    for name, module in model.unet.named_modules():
        if name.startswith("up_blocks") and name.endswith("attn1"):
            module.register_forward_pre_hook(note)
    shape = (
        1,
        model.unet.config.in_channels,
        height // pixels_per_latent,
        width // pixels_per_latent,
    )
    latents = torch.zeros(shape)
    condition = {"text_embeds": torch.zeros(1, 16), "time_ids": torch.zeros(1, 6)}
    text = torch.zeros(1, 77, 32)
    noise = model.unet(
        latents, torch.tensor(5), encoder_hidden_states=text, added_cond_kwargs=condition
    ).sample
    assert noise.shape == shape
    assert tokens == {height * width // 16**2, height * width // 32**2}
    assert model.vae.decode(latents).sample.shape == (1, 3, height, width)


def test_layout_is_the_published_one(tmp_path: Path) -> None:
    folder = save_tiny_story_model(tmp_path / "tiny")
    for part in ("unet", "vae"):
        assert (folder / part / "diffusion_pytorch_model.safetensors").is_file()
    for part in ("text_encoder", "text_encoder_2"):
        assert (folder / part / "model.safetensors").is_file()
    for part in ("tokenizer", "tokenizer_2"):
        assert {"vocab.json", "merges.txt"} <= {file.name for file in (folder / part).iterdir()}
    assert not list(folder.rglob("*.bin"))


def test_same_seed_same_weights_other_seed_other_weights(tmp_path: Path) -> None:
    name = "unet/diffusion_pytorch_model.safetensors"
    before = torch.random.get_rng_state()
    first, again, other = (
        load_file(save_tiny_story_model(tmp_path / str(place), seed=seed) / name)
        for place, seed in enumerate((3, 3, 4))
    )
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(first["conv_in.weight"], again["conv_in.weight"])
    assert not torch.equal(first["conv_in.weight"], other["conv_in.weight"])
