from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image

from vivant.diffusion.autoencoder import decode, encode, pixels_per_latent, preview

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def vae() -> AutoencoderKL:
    torch.manual_seed(0)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4, 4, 4, 4),
        latent_channels=4,
        norm_num_groups=1,
        scaling_factor=1.5,
        shift_factor=0.25,
        mid_block_add_attention=False,
    ).eval()


def picture(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_latents_are_eight_times_smaller_and_never_random(vae: AutoencoderKL) -> None:
    latents = encode(vae, picture(64, 32), CPU)
    assert pixels_per_latent(vae) == 8
    assert latents.shape == (4, 4, 8)
    assert latents.dtype == torch.float32
    assert torch.equal(latents, encode(vae, picture(64, 32), CPU))


def test_shift_and_scale(vae: AutoencoderKL) -> None:
    unshifted = encode(vae, picture(64, 32), CPU, shifted=False)
    torch.testing.assert_close(encode(vae, picture(64, 32), CPU), unshifted - 0.25 * 1.5)


def test_other_modes_are_read_as_rgb(vae: AutoencoderKL) -> None:
    grey = picture(32, 32).convert("L")
    assert torch.equal(encode(vae, grey, CPU), encode(vae, grey.convert("RGB"), CPU))


def test_decoding_undoes_shift_and_scale(vae: AutoencoderKL) -> None:
    latents = torch.randn(4, 4, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        pixels = vae.decode(latents[None] / 1.5 + 0.25).sample[0].permute(1, 2, 0)
    expected = ((pixels + 1) / 2).clamp(0, 1).numpy() * 255
    decoded = decode(vae, latents)
    assert decoded.mode == "RGB"
    assert decoded.size == (64, 32)
    assert np.abs(np.asarray(decoded) - expected).max() <= 0.5001


@pytest.mark.parametrize(("rows", "columns"), [(4, 8), (32, 64), (48, 20), (1, 1)])
def test_previews_are_small_and_keep_the_aspect(
    vae: AutoencoderKL, rows: int, columns: int
) -> None:
    small = preview(vae, torch.zeros(4, rows, columns), longest=128)
    assert max(small.size) <= 128
    shrink = columns * 8 / small.width
    assert small.height == pytest.approx(rows * 8 / shrink, abs=8)
