"""Consistent self-attention: panels of a story look at each other, so that people stay the same.

Zhou et al. 2024 (arXiv 2405.01434), sec. 3.1. In the up blocks of the UNet, the first k panels of a
story, the identity panels, attend to all their own tokens and to a random share of each other's.
The panels after them, the followers, attend to their own tokens and to the same share of all
identity panels' tokens.

All panels move through the schedule together. In each step the identity panels run first and leave
the keys and values of the chosen tokens in a bank; the followers, in as many batches as memory
wants, read it; the next step forgets it. Where all panels fit one batch, each layer lets its
identity panels go before the followers. The chosen tokens are gathered, a fixed count for each
panel, so that rows have one length, no mask is needed and a low share costs little.

Panels see each other only within a group. The two halves of guidance are two groups; in training
each story is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import cycle
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor

ALONE_STEPS = 5
"""Steps at the start in which identity panels see only themselves, and followers all of them."""

ORDINARY_CHANCES: tuple[tuple[int, float], ...] = ((20, 0.3), (10**9, 0.1))
"""After those: (before this step, the chance that a layer's call is ordinary self-attention)."""


SLICE = 256
"""Queries of one slice; fewer than these are not worth slicing."""

FUSED_IS_QUICK = bool(torch.cpu.get_capabilities().get("amx_tile"))
"""Whether torch's fused attention multiplies bfloat16 matrices on this processor (with AMX alone);
without, it widens them to float32."""


_Purpose: TypeAlias = Literal["columns", "identity", "follower"]


class Role(Enum):
    """What the rows of a network evaluation are."""

    IDENTITY = "identity"
    FOLLOWER = "follower"
    WHOLE = "whole"
    """Identity panels and behind them, in each group, its followers."""


_IN_TURN = (Role.IDENTITY, Role.FOLLOWER)
"""What the rows of a whole group are; each group goes by itself, which is a matter of memory."""


@dataclass(frozen=True)
class Bank:
    """Keys and values of the identity panels' chosen tokens, for one layer and step.

    Attributes:
        keys: [groups, panels, chosen, width].
        values: of the same shape.
    """

    keys: Tensor
    values: Tensor

    def behind(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [rows, tokens, width] of followers, with those of the bank behind."""
        return _with(keys, self.keys.flatten(1, 2)), _with(values, self.values.flatten(1, 2))

    def of_others(self) -> tuple[Tensor, Tensor]:
        """For each identity panel those of the others, [groups * panels, tokens, width]."""
        panels = self.keys.shape[1]
        others = [[j for j in range(panels) if j != i] for i in range(panels)]
        index = torch.tensor(others, dtype=torch.long, device=self.keys.device)
        index = index.reshape(panels, panels - 1)  # also where there are no others
        return self.keys[:, index].flatten(2, 3).flatten(0, 1), self.values[:, index].flatten(
            2, 3
        ).flatten(0, 1)


@dataclass
class StoryAttention:
    """Which tokens the panels of one story share; its state from step to step.

    One object for one request: stories that run side by side each have their own. Every choice
    follows from (seed, step, layer, grid), never from what ran before or beside.

    Attributes:
        seed: of the story, 0 or more.
        identities: identity panels in a group, 1 or more.
        shares: of an identity panel's tokens that others see, 0 to 1, by the grid's token count;
            other grids share nothing, and neither does a share of 0 in any step.
        alone_steps: see `ALONE_STEPS`.
        ordinary_chances: see `ORDINARY_CHANCES`; empty for none.
    """

    seed: int
    identities: int
    shares: Mapping[int, float]
    alone_steps: int = ALONE_STEPS
    ordinary_chances: tuple[tuple[int, float], ...] = ORDINARY_CHANCES
    _step: int = field(default=0, init=False)
    _role: Role = field(default=Role.IDENTITY, init=False)
    _alone: int = field(default=0, init=False)
    _groups: int = field(default=1, init=False)
    _banks: dict[int, Bank] = field(default_factory=dict, init=False, repr=False)

    def begin(self, step: int) -> None:
        """Forget the last step's bank; `step` counts from 0."""
        self._step = step
        self._banks.clear()

    def rows_are(self, role: Role, *, groups: int = 1, alone: int = 0) -> dict[str, Any]:
        """State what the next evaluation's rows are; returns its `cross_attention_kwargs`.

        Rows lie group by group, `groups` of them where they are whole; identity panels come before
        the followers of the same step. The last `alone` rows are no part of the story: they show
        nothing and see only themselves.
        """
        self._role, self._groups, self._alone = role, groups, alone
        return {"story": self}

    def mix(self, layer: int, query: Tensor, keys: Tensor, values: Tensor, heads: int) -> Tensor:
        """Attention of a sharing layer, [rows, tokens, width].

        Args:
            layer: its place among the UNet's sharing layers, from 0.
            query: of the rows' own tokens, [rows, tokens, width].
            keys: of the same shape.
            values: of the same shape.
            heads: of the layer.
        """
        end = len(query) - self._alone
        mixed = self._mixed(layer, query[:end], keys[:end], values[:end], heads)
        if not self._alone:
            return mixed
        return torch.cat([mixed, _attended(query[end:], keys[end:], values[end:], heads)])

    def _mixed(self, layer: int, query: Tensor, keys: Tensor, values: Tensor, heads: int) -> Tensor:
        """`mix` of rows that are part of the story."""
        if self._role is not Role.WHOLE:
            return _attended(query, *self.seen(layer, self._role, keys, values), heads)
        identities, panels = self.identities, len(query) // self._groups
        sizes = [identities, panels - identities] * self._groups
        parts = zip(*(torch.split(each, sizes) for each in (query, keys, values)), strict=True)
        mixed = [
            _attended(some, *self.seen(layer, role, own, shown), heads)
            for role, (some, own, shown) in zip(cycle(_IN_TURN), parts, strict=False)
        ]
        self._banks.pop(layer, None)  # read already
        return torch.cat(mixed)

    def seen(self, layer: int, role: Role, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """What a layer's rows attend to.

        Args:
            layer: its place among the UNet's sharing layers, from 0.
            role: identity panels or followers, not both.
            keys: of the rows' own tokens, [rows, tokens, width].
            values: of the same shape.

        Returns:
            Keys and values, [rows, tokens and those shared, width].
        """
        tokens = keys.shape[1]
        if role is Role.IDENTITY:
            self._remember(layer, keys, values)
        share = self.shares.get(tokens, 0.0)
        if share == 0.0 or self._is_ordinary(layer, role, tokens):
            return keys, values
        bank = self._banks[layer]
        if role is Role.IDENTITY:
            shared_keys, shared_values = bank.of_others()
            return torch.cat([keys, shared_keys], dim=1), torch.cat([values, shared_values], dim=1)
        return bank.behind(keys, values)

    def chosen(self, layer: int, tokens: int) -> Tensor | None:
        """Columns that each identity panel shows, [identities, count] ascending; None for all."""
        share = self.shares.get(tokens, 0.0)
        count = round(share * tokens)
        if count == tokens or self._step < self.alone_steps:
            return None
        rng = self._random(layer, tokens, "columns")
        picks = [np.sort(rng.permutation(tokens)[:count]) for _ in range(self.identities)]
        return torch.from_numpy(np.stack(picks))

    def _remember(self, layer: int, keys: Tensor, values: Tensor) -> None:
        tokens = keys.shape[1]
        if self.shares.get(tokens, 0.0) == 0.0:
            return
        columns = self.chosen(layer, tokens)
        if columns is not None:
            columns = columns.to(keys.device)
        self._banks[layer] = Bank(self._shown(keys, columns), self._shown(values, columns))

    def _shown(self, rows: Tensor, columns: Tensor | None) -> Tensor:
        """[groups * identities, tokens, width] -> [groups, identities, chosen, width]."""
        panels = rows.reshape(-1, self.identities, *rows.shape[1:])
        if columns is None:
            return panels
        each = torch.arange(self.identities, device=rows.device)[:, None]
        return panels[:, each, columns]

    def _is_ordinary(self, layer: int, role: Role, tokens: int) -> bool:
        """Whether this call looks at its own tokens only."""
        if self._step < self.alone_steps:
            return role is Role.IDENTITY
        what: _Purpose = "identity" if role is Role.IDENTITY else "follower"
        for before, chance in self.ordinary_chances:
            if self._step < before:
                return bool(self._random(layer, tokens, what).random() < chance)
        return False

    def _random(self, layer: int, tokens: int, what: _Purpose) -> np.random.Generator:
        purpose = ("columns", "identity", "follower").index(what)
        return np.random.default_rng([self.seed, self._step, layer, tokens, purpose])


@dataclass(frozen=True)
class StoryProcessor:
    """An attention layer that lets a story decide what it sees; plain where none is given.

    Attributes:
        layer: its place among the sharing layers; None for a layer that never shares.
    """

    layer: int | None

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,  # noqa: ARG002 - diffusers passes it, always None here
        story: StoryAttention | None = None,
    ) -> Tensor:
        """Attention of `hidden_states` [rows, tokens, width], as a diffusers processor."""
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, keys, values = attn.to_q(hidden_states), attn.to_k(context), attn.to_v(context)
        if story is not None and self.layer is not None:
            mixed = story.mix(self.layer, query, keys, values, attn.heads)
        else:
            mixed = _attended(query, keys, values, attn.heads)
        out: Tensor = attn.to_out[0](mixed)
        return out


def attend(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Scaled dot-product attention; in slices where a processor is quicker so.

    Args:
        query: [rows, heads, tokens, width].
        keys: [rows, heads, other tokens, width].
        values: of the same shape.

    Returns:
        Of the shape of `query`. A row does not depend on which others there are.
    """
    sliced = query.device.type == "cpu" and query.dtype == torch.bfloat16 and not FUSED_IS_QUICK
    if not sliced or query.shape[2] < SLICE or torch.is_grad_enabled():
        return F.scaled_dot_product_attention(query, keys, values)
    out = torch.empty_like(query)
    scaled, across = query * query.shape[-1] ** -0.5, keys.transpose(-1, -2)
    for row in range(len(query)):
        for start in range(0, query.shape[2], SLICE):
            some = slice(start, start + SLICE)
            weights = (scaled[row, :, some] @ across[row]).softmax(-1)
            out[row, :, some] = weights @ values[row]
    return out


def install(unet: UNet2DConditionModel) -> None:
    """Give every attention layer of a UNet a `StoryProcessor`, once; stories then come with calls.

    The self-attention layers of the up blocks are those that share, numbered in their order.
    """
    sharing = [
        name
        for name in unet.attn_processors
        if name.startswith("up_blocks") and name.endswith("attn1.processor")
    ]
    unet.set_attn_processor(
        {
            name: StoryProcessor(sharing.index(name) if name in sharing else None)
            for name in unet.attn_processors
        }
    )


def shares_of(height: int, width: int, *, sa32: float, sa64: float) -> dict[int, float]:
    """Shares by token count, for pictures of a size in pixels.

    Args:
        height: a multiple of 32.
        width: a multiple of 32.
        sa32: share on the grid of height/32 x width/32 tokens, 0 to 1.
        sa64: share on the grid of height/16 x width/16 tokens, 0 to 1.
    """
    coarse = (height // 32) * (width // 32)
    return {coarse: sa32, 4 * coarse: sa64}


def _attended(query: Tensor, keys: Tensor, values: Tensor, heads: int) -> Tensor:
    """Attention in heads, of [rows, tokens, width] and [rows, other tokens, width]."""
    mixed = attend(*(_heads(each, heads) for each in (query, keys, values)))
    return mixed.transpose(1, 2).flatten(2)


def _heads(x: Tensor, heads: int) -> Tensor:
    """[rows, tokens, width] -> [rows, heads, tokens, width of a head]."""
    rows, tokens, width = x.shape
    return x.reshape(rows, tokens, heads, width // heads).transpose(1, 2)


def _with(own: Tensor, shared: Tensor) -> Tensor:
    """[groups * rows, tokens, width], [groups, others, width] -> [groups * rows, both, width]."""
    rows = own.reshape(len(shared), -1, *own.shape[1:])
    each = shared[:, None].expand(-1, rows.shape[1], -1, -1)
    return torch.cat([rows, each], dim=2).flatten(0, 1)
