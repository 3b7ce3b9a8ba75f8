"""Pictures to latents and back, through a diffusers AutoencoderKL."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor


@torch.inference_mode()
def encode(
    vae: AutoencoderKL, picture: Image.Image, device: torch.device, *, shifted: bool = True
) -> Tensor:
    """A picture's latents, scaled as the denoiser sees them.

    The mean of the posterior is taken and not a draw from it, so that nothing here is random.

    Args:
        vae: the autoencoder.
        picture: any mode; read as RGB; sides must be multiples of the autoencoder's factor.
        device: where the autoencoder works; it may be elsewhere while it rests.
        shifted: take the autoencoder's shift off, as the denoiser expects of pictures. Some control
            nets were trained without.

    Returns:
        float32, [channels, height / factor, width / factor].
    """
    pixels = torch.from_numpy(np.array(picture.convert("RGB"))).to(device)
    pixels = pixels.permute(2, 0, 1)[None].to(torch.float32) / 127.5 - 1.0
    latents: Tensor = vae.encode(pixels.to(vae.dtype)).latent_dist.mode()
    shift = _shift(vae) if shifted else 0.0
    return (latents[0].float() - shift) * float(vae.config.scaling_factor)


@torch.inference_mode()
def decode(vae: AutoencoderKL, latents: Tensor) -> Image.Image:
    """The RGB picture of one sample's latents, [channels, rows, columns]."""
    scaled = latents[None].float() / float(vae.config.scaling_factor) + _shift(vae)
    pixels: Tensor = vae.decode(scaled.to(vae.dtype), return_dict=False)[0][0]
    levels = (pixels.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(levels.permute(1, 2, 0).cpu().numpy(), mode="RGB")


def preview(vae: AutoencoderKL, latents: Tensor, longest: int = 128) -> Image.Image:
    """A small picture of what latents are becoming: decoded after averaging them down.

    Args:
        vae: the autoencoder.
        latents: a clean prediction, [channels, rows, columns].
        longest: longest side of the result in pixels, about.
    """
    side = max(1, longest // pixels_per_latent(vae))
    shrink = max(1, -(-max(latents.shape[1:]) // side))
    return decode(vae, F.avg_pool2d(latents[None], shrink, ceil_mode=True)[0])


def pixels_per_latent(vae: AutoencoderKL) -> int:
    """The autoencoder's factor: each level but the last halves the picture."""
    return int(2 ** (len(vae.config.block_out_channels) - 1))


def _shift(vae: AutoencoderKL) -> float:
    return float(vae.config.shift_factor or 0.0)
