"""Does the network look at the same person in the other panels? An early sign, in seconds.

In every sharing layer, the queries of figures put some weight on the tokens of other panels. Here
is the share of that weight that lands on figures (of heads' queries: on heads), beside the share of
figures (heads) among those tokens. Equal shares mean that the layer pools without looking.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention
from torch import Tensor

from training.make_story_data import PANELS
from training.story_batches import Batch, native_sizes
from training.story_models import StoryNetworks, noise_levels
from vivant.diffusion.consistent_attention import StoryAttention, StoryProcessor

TIME = 500
"""Noise time at which the probe looks: about where colours are settled."""

FIGURE, HEAD = 1.5, 2.4
"""Loss weights above which a latent cell counts as a figure's, and as a head's."""


@dataclass
class Watcher:
    """A sharing layer's processor that also notes where weight goes.

    Attributes:
        plain: the processor whose place it takes.
        weights: the groups' loss weights, [groups * PANELS, 1, h, w].
        noted: (share of weight on figures, their area share, the same two of heads).
    """

    plain: StoryProcessor
    weights: Tensor
    noted: tuple[float, float, float, float] = field(default=(0.0,) * 4)

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        story: StoryAttention | None = None,
    ) -> Tensor:
        """As the plain processor, which makes the result."""
        if story is not None and self.plain.layer is not None:
            self._note(attn, hidden_states)
        return self.plain(attn, hidden_states, encoder_hidden_states, attention_mask, story)

    def _note(self, attn: Attention, rows: Tensor) -> None:
        tokens = rows.shape[1]
        query, key = (
            to(rows).float().unflatten(2, (attn.heads, -1)).unflatten(0, (-1, PANELS))
            for to in (attn.to_q, attn.to_k)
        )
        logits = torch.einsum("gphnd,gqhmd->gphnqm", query.transpose(2, 3), key.transpose(2, 3))
        width = query.shape[-1]
        looks = (logits / width**0.5).flatten(-2).softmax(-1).unflatten(-1, (PANELS, -1)).mean(2)
        own = torch.eye(PANELS, dtype=torch.bool)
        looks = looks.masked_fill(own[None, :, None, :, None], 0.0)
        side = int(tokens**0.5)
        cells = F.adaptive_avg_pool2d(self.weights, side).flatten(1).unflatten(0, (-1, PANELS))
        self.noted = (*_on(looks, cells > FIGURE), *_on(looks, cells > HEAD))


def _on(looks: Tensor, mask: Tensor) -> tuple[float, float]:
    """Share of weight from masked queries to other panels' masked tokens, and their area share.

    Args:
        looks: [groups, panels, queries, panels, tokens], 0 on the own panel.
        mask: [groups, panels, tokens].
    """
    of_queries = looks[mask]  # [chosen, panels, tokens]
    groups = mask.nonzero()[:, 0]
    there = mask[groups].float()
    others = (of_queries.sum(-1, keepdim=True) > 0).float()
    weight = (of_queries * there).sum((1, 2)) / of_queries.sum((1, 2)).clamp(min=1e-9)
    area = (there * others).sum((1, 2)) / (others.sum((1, 2)) * mask.shape[-1]).clamp(min=1)
    return float(weight.mean()), float(area.mean())


@torch.no_grad()
def probe(nets: StoryNetworks, batch: Batch) -> str:
    """One line: by layer, weight on figures over their area share, and the same of heads."""
    device = batch.latents.device
    groups = len(batch.latents)
    weights = batch.weights.flatten(0, 1)
    plain = dict(nets.unet.attn_processors)
    watchers = {n: Watcher(p, weights) for n, p in plain.items() if p.layer is not None}
    nets.unet.set_attn_processor(plain | watchers)
    sigma = noise_levels().table[TIME]
    generator = torch.Generator(device).manual_seed(0)
    noise = torch.randn(batch.latents.shape, generator=generator, device=device)
    x = (batch.latents + sigma * noise) / (1 + sigma**2) ** 0.5
    attention = StoryAttention(0, PANELS, {64: 1.0, 256: 1.0}, 0, ())
    times = torch.full((groups,), TIME, device=device)
    sizes = native_sizes(groups).to(device)
    try:
        nets(x, times, batch.ids, sizes, attention)
    finally:
        nets.unet.set_attn_processor(plain)
    layers = []
    for watcher in sorted(watchers.values(), key=lambda w: w.plain.layer or 0):
        figure, area, head, head_area = watcher.noted
        layers.append(f"{figure / area:.2f}/{head / head_area:.2f}")
    return "looks at others' figures/heads over their area: " + " ".join(layers)
