"""Ask the product's own pipeline for many pictures: what `evaluate` and `sheet` look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from vivant.base.contract import Picture
from vivant.endpoints.sd3_med_pose.pipeline import Order, generate_together
from vivant.pose.draw import draw
from vivant.pose.skeleton import Pose
from vivant.weights.model import PoseModel, StoryModel

BRIEF_PROMPT = (
    "Anime style illustration of a girl wearing a suit. A moon in sky. "
    "In the background we see a big rain approaching."
)
"""The prompt of the endpoint's published example."""


@dataclass(frozen=True)
class Asked:
    """One picture to make; the defaults are the endpoint's."""

    prompt: str
    seed: int
    width: int
    height: int
    strength: float = 0.8
    guidance_scale: float = 7.0
    num_inference_steps: int = 20
    negative_prompt: str = "low quality,less details"
    sampler: str = "dpmpp_2m"
    scheduler: str = "sgm_uniform"
    samples: int = 1


def order(asked: Asked, pose: Pose) -> Order:
    """What is asked, with the drawing of the pose's bodies at the size of the picture."""
    return Order(asked, draw(pose, asked.width, asked.height, hands=False, face=False))


def pictures(
    model: PoseModel, orders: Sequence[Order], together: int = 8
) -> Iterator[tuple[int, Image.Image]]:
    """(place in `orders`, picture) for each order, made `together` at a time, in any order."""
    for first in range(0, len(orders), together):
        some = orders[first : first + together]
        for place, event in generate_together(model, some, max_rows=2 * together):
            if isinstance(event, Picture):
                yield first + place, event.image


@torch.inference_mode()
def encode_again(
    model: PoseModel | StoryModel, images: Sequence[Image.Image], batch: int = 4
) -> Tensor:
    """Latents of pictures [n, c, h, w] as `training.encode` makes them: the posterior's mean."""
    encoded = []
    for first in range(0, len(images), batch):
        levels = [_levels(image) for image in images[first : first + batch]]
        x = torch.stack(levels).to(model.device, model.vae.dtype) / 127.5 - 1
        encoded.append(model.vae.encode(x).latent_dist.mean.float().cpu())
    return torch.cat(encoded)


@torch.inference_mode()
def reconstruct(model: PoseModel, latents: Tensor) -> list[Image.Image]:
    """The pictures that the decoder makes of `encode_again`'s latents."""
    images = []
    for row in latents:
        x = model.vae.decode(row[None].to(model.device, model.vae.dtype), return_dict=False)[0][0]
        levels = (x.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)
        images.append(Image.fromarray(levels.permute(1, 2, 0).cpu().numpy()))
    return images


def _levels(image: Image.Image) -> Tensor:
    data = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
    return data.view(image.height, image.width, 3).permute(2, 0, 1)
