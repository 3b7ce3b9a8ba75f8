"""Consistent self-attention as its authors' code runs it: two passes, dense masks, one by one.

Written from the formulas of Zhou et al. 2024 (arXiv 2405.01434). It is what `bench/story.py`
compares with and, at share 1 without the random choices, what tests hold the fast path against.

First all steps of the identity panels, keeping each layer's input of each step; then each follower
by itself through all steps, projecting that bank anew and attending over all of it under a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor

from vivant.diffusion.parametrisations import Parametrisation
from vivant.diffusion.text import EncodedText

ORDINARY_UNTIL_20, ORDINARY_LATER = 0.3, 0.1


@dataclass
class DenseStory:
    """The state of one story.

    Attributes:
        identities: identity panels.
        shares: of other panels' tokens, by the grid's token count.
        generator: of the masks and of the ordinary calls.
        ordinary: whether some calls are ordinary self-attention.
        alone_steps: steps at the start in which identity panels see only themselves.
    """

    identities: int
    shares: Mapping[int, float]
    generator: torch.Generator
    ordinary: bool = True
    alone_steps: int = 5
    step: int = 0
    writing: bool = True
    bank: dict[tuple[int, int], Tensor] = field(default_factory=dict)
    masks: dict[tuple[int, int], Tensor] = field(default_factory=dict)

    def mask(self, tokens: int) -> Tensor:
        """Which of [identities * tokens] columns this step shows; drawn once a step and grid."""
        key = (self.step, tokens)
        if key not in self.masks:
            columns = torch.rand(self.identities * tokens, generator=self.generator)
            self.masks[key] = columns < self.shares.get(tokens, 0.0)
        return self.masks[key]

    def call_is_ordinary(self) -> bool:
        """Whether the layer looks at the row's own tokens only."""
        chance = ORDINARY_UNTIL_20 if self.step < 20 else ORDINARY_LATER
        return self.ordinary and float(torch.rand((), generator=self.generator)) < chance


@dataclass(frozen=True)
class DenseProcessor:
    """Self-attention of an up block; `layer` counts them."""

    layer: int
    story: DenseStory

    def __call__(self, attn: Attention, hidden_states: Tensor, **_: object) -> Tensor:
        """Hidden states [rows, tokens, width]: the positive half of the rows, then the negative."""
        if self.story.writing:
            return self._write(attn, hidden_states)
        return self._read(attn, hidden_states)

    def _write(self, attn: Attention, hidden: Tensor) -> Tensor:
        story, tokens = self.story, hidden.shape[1]
        story.bank[story.step, self.layer] = hidden
        if story.step < story.alone_steps or story.call_is_ordinary():
            return attend(attn, hidden, hidden, None)
        # Every panel's tokens against every panel's, its own always shown.
        rows, panels = hidden.unflatten(0, (2, -1)).flatten(1, 2), story.identities
        own = torch.eye(panels, dtype=torch.bool).repeat_interleave(tokens, 0)
        own = own.repeat_interleave(tokens, 1)
        mask = own | story.mask(tokens)[None]
        return attend(attn, rows, rows, mask).unflatten(1, (panels, tokens)).flatten(0, 1)

    def _read(self, attn: Attention, hidden: Tensor) -> Tensor:
        story, tokens = self.story, hidden.shape[1]
        bank = story.bank[story.step, self.layer].unflatten(0, (2, -1)).flatten(1, 2)
        context = torch.cat([bank, hidden], 1)
        if story.step < story.alone_steps:
            return attend(attn, hidden, context, None)
        if story.call_is_ordinary():
            return attend(attn, hidden, hidden, None)
        shown = torch.cat([story.mask(tokens), torch.ones(tokens, dtype=torch.bool)])
        return attend(attn, hidden, context, shown[None].expand(tokens, -1))


def attend(attn: Attention, hidden: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
    """Attention [rows, tokens, width] with a dense boolean mask [tokens, columns]."""

    def heads(x: Tensor) -> Tensor:
        return x.unflatten(2, (attn.heads, -1)).transpose(1, 2)

    query, key, value = attn.to_q(hidden), attn.to_k(context), attn.to_v(context)
    if mask is not None:
        mask = mask.to(hidden.device)[None, None]
    mixed = F.scaled_dot_product_attention(heads(query), heads(key), heads(value), mask)
    out: Tensor = attn.to_out[0](mixed.transpose(1, 2).flatten(2))
    return out


@torch.inference_mode()
def dense_story(
    unet: UNet2DConditionModel,
    parametrisation: Parametrisation,
    story: DenseStory,
    x: Tensor,
    sigmas: Sequence[float],
    positive: EncodedText,
    negative: EncodedText,
    guidance: float,
    size: tuple[int, int],
) -> Tensor:
    """Latents of all panels by DDIM; arguments as for `vivant.diffusion.story`."""
    processors = dict(unet.attn_processors)
    names = [n for n in processors if n.startswith("up_blocks") and n.endswith("attn1.processor")]
    unet.set_attn_processor(
        processors | {name: DenseProcessor(i, story) for i, name in enumerate(names)}
    )

    def denoiser(rows: slice) -> Callable[[Tensor, float], Tensor]:
        tokens = torch.cat([positive.tokens[rows], negative.tokens[rows]])
        pooled = torch.cat([positive.pooled[rows], negative.pooled[rows]])

        def denoise(latents: Tensor, sigma: float) -> Tensor:
            both = latents.repeat(2, 1, 1, 1)
            level = torch.full((len(both),), sigma, device=x.device)
            wide = level.reshape(-1, 1, 1, 1)
            sizes = x.new_tensor([*size, 0, 0, *size]).repeat(len(both), 1)
            output = unet(
                parametrisation.net_input(both, wide).to(unet.dtype),
                parametrisation.timestep(level),
                encoder_hidden_states=tokens,
                added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes},
            ).sample
            shown, hidden = parametrisation.clean(both, wide, output.float()).chunk(2)
            return hidden + guidance * (shown - hidden)

        return denoise

    def ddim(latents: Tensor, denoise: Callable[[Tensor, float], Tensor]) -> Tensor:
        for step, (sigma, below) in enumerate(pairwise(sigmas)):
            story.step = step
            clean = denoise(latents, sigma)
            latents = clean + below / sigma * (latents - clean)
        return latents

    first = slice(0, story.identities)
    story.writing = True
    made = [ddim(x[first], denoiser(first))]
    story.writing = False
    for place in range(story.identities, len(x)):
        rows = slice(place, place + 1)
        made.append(ddim(x[rows], denoiser(rows)))
    unet.set_attn_processor(processors)
    return torch.cat(made)
