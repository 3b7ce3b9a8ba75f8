"""What the story model trains on: groups of panels, their noise, and who sees whom.

Every batch stands at one phase of the product's sampling and shares one `StoryAttention`, so that
identity panels and followers look at each other as they will when a story is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.make_story_data import PANELS, STYLED
from training.story_models import NATIVE_SIZE
from training.train_pose import Parts, figures_first
from vivant.diffusion.consistent_attention import ALONE_STEPS, StoryAttention

STEPS = (20, 50)
"""Sampling steps that the product offers: which noise level is which step."""

IDENTITIES = (0.1, 0.2, 0.45, 0.25)
"""How often groups have 1, 2, 3 and 4 identity panels."""

ALONE = 0.12
"""Share of batches whose panels do not see each other at all."""

UNEVEN = 0.35
"""Share of batches, of those that see each other, whose panels have noise times of their own: a
panel with little noise tells those with much of it what somebody looks like."""

STYLED_SHARE = 0.4
"""Share of batches whose prompts are in a style; they are longer."""

UNSAID = 0.05
"""Share of groups that get nothing or a negative prompt to read, all panels the same."""

UNSAID_ALONE = 0.5
"""The same where panels do not see each other: what guidance leads away from knows neither."""


def step_at(times: Tensor, steps: int) -> Tensor:
    """Which of `steps` sampling steps, from 0, noise times (0 to 999) belong to."""
    return (999 - times) * steps // 1000


def phase_at(times: Tensor, steps: int) -> Tensor:
    """0 while identity panels see only themselves, 1 from then on."""
    return (step_at(times, steps) >= ALONE_STEPS).long()


def any_times(count: int) -> Tensor:
    """Noise times: half of them even, half around the middle, where looks are settled."""
    even = torch.rand(count)
    middle = torch.sigmoid(0.9 * torch.randn(count) + 0.2)
    return (torch.where(torch.rand(count) < 0.5, even, middle) * 1000).long().clamp(max=999)


def times_of_one_phase(groups: int, steps: int) -> Tensor:
    """Noise times [groups], all in the phase of the first."""
    pool = any_times(32 * groups)
    phases = phase_at(pool, steps)
    same = pool[phases == phases[0]]
    return same[torch.arange(groups) % len(same)]


def times_apart(groups: int, steps: int) -> Tensor:
    """Noise times [groups, PANELS], one for each panel, none from before panels see each other."""
    pool = any_times(64 * groups * PANELS)
    seeing = pool[phase_at(pool, steps) > 0]
    return seeing[torch.arange(groups * PANELS) % len(seeing)].unflatten(0, (groups, PANELS))


def any_attention(rng: np.random.Generator, step: int) -> StoryAttention:
    """Who sees whom, in every call: random identities and shares, standing at a step."""
    shares = {64: _any_share(rng), 256: _any_share(rng)}
    if rng.random() < ALONE:
        shares = {}
    attention = StoryAttention(
        seed=int(rng.integers(1 << 31)),
        identities=1 + int(rng.choice(PANELS, p=IDENTITIES)),
        shares=shares,
        ordinary_chances=(),
    )
    attention.begin(step)
    return attention


def _any_share(rng: np.random.Generator) -> float:
    kind = rng.random()
    if kind < 0.06:
        return 0.0
    return 1.0 if kind < 0.25 else float(rng.uniform(0.25, 1.0))


def native_sizes(groups: int) -> Tensor:
    """The six size numbers of the set's own pictures, [groups, PANELS, 6]."""
    numbers = [NATIVE_SIZE, NATIVE_SIZE, 0, 0, NATIVE_SIZE, NATIVE_SIZE]
    return torch.tensor(numbers).float().expand(groups, PANELS, -1)


def any_sizes(groups: int) -> Tensor:
    """The six size numbers [groups, PANELS, 6]; now and then others than the set's own.

    Nothing follows from them here; they vary so that no size surprises the network.
    """
    sizes = native_sizes(groups)[:, 0].clone()
    other = torch.randint(6, 25, (groups, 2)) * 32.0
    sizes[:, :2] = torch.where(torch.rand(groups, 1) < 0.1, other, sizes[:, :2])
    sizes[:, 4:] = sizes[:, :2]
    return sizes[:, None].expand(-1, PANELS, -1)


@dataclass(frozen=True)
class Batch:
    """Groups of panels with their prompts and loss weights.

    Attributes:
        latents: [groups, PANELS, channels, h, w].
        weights: [groups, PANELS, 1, h, w].
        ids: [groups, PANELS, windows, length], as many windows as the longest text takes.
        full: ids of the same prompts with all looks told, for whoever teaches; None for no teacher.
    """

    latents: Tensor
    weights: Tensor
    ids: Tensor
    full: Tensor | None = None


class Stories(Parts):
    """The encoded groups in memory.

    Args:
        folder: of `encode_story`.
        device: where they lie.
        held_out: the first groups, never given by `batch`.
        pairs: file of `identity_prompts` for `taught`.
    """

    def __init__(
        self, folder: Path, device: torch.device, held_out: int = 0, pairs: Path | None = None
    ) -> None:
        super().__init__(folder, device)
        self.held_out = held_out
        self.pairs: dict[str, Tensor] = {}
        if pairs is not None:
            with np.load(pairs) as arrays:
                kinds = ("full", "shown")
                self.pairs = {kind: torch.from_numpy(arrays[kind]).to(device) for kind in kinds}

    @property
    def groups(self) -> int:
        """How many groups there are to train on: all but the first `held_out`."""
        return self.count // PANELS - self.held_out

    def held_out_groups(self) -> Batch:
        """The groups that training never sees, in the order and first version of the set."""
        rows = slice(0, self.held_out * PANELS)
        ids = self.all["ids"][rows, 0].long()
        return Batch(
            latents=self.all["latents"][rows].float().unflatten(0, (-1, PANELS)),
            weights=self.all["weights"][rows].float()[:, None].unflatten(0, (-1, PANELS)),
            ids=ids[:, : windows_used(ids)].unflatten(0, (-1, PANELS)),
        )

    def batch(self, groups: int, unsaid: Tensor, silence: float = UNSAID) -> Batch:
        """Random groups, their panels in random order, told in one version of their prompts.

        Args:
            groups: how many.
            unsaid: ids [texts, windows, length] that replace a group's prompts now and then.
            silence: share of groups for which they do.
        """
        device = self.device
        pick = self._any_panels(groups)
        versions = self.all["ids"].shape[1]
        low, high = (
            (versions - STYLED, versions)
            if torch.rand(()) < STYLED_SHARE
            else (0, versions - STYLED)
        )
        version = torch.randint(low, high, (groups, 1), device=device)
        ids = self.all["ids"][pick, version].long()
        ids = widen(ids, unsaid.shape[1])
        other = unsaid[torch.randint(len(unsaid), (groups,), device=device)]
        silent = torch.rand(groups, device=device) < silence
        ids = torch.where(silent[:, None, None, None], other[:, None], ids)
        return self._batch(pick, ids[:, :, : windows_used(ids)])

    def taught(self, groups: int) -> Batch:
        """As `batch`, of prompts that leave looks open, beside the same ones that tell them all."""
        pick = self._any_panels(groups)
        version = torch.randint(self.pairs["full"].shape[1], (groups, 1), device=self.device)
        full, shown = (self.pairs[kind][pick, version].long() for kind in ("full", "shown"))
        windows = max(windows_used(full), windows_used(shown))
        return self._batch(pick, shown[:, :, :windows], full[:, :, :windows])

    def _any_panels(self, groups: int) -> Tensor:
        """Indices [groups, PANELS] of random groups, their panels in random order."""
        device = self.device
        first = self.held_out + torch.randint(self.groups, (groups, 1), device=device)
        return PANELS * first + torch.rand(groups, PANELS, device=device).argsort(1)

    def _batch(self, pick: Tensor, ids: Tensor, full: Tensor | None = None) -> Batch:
        return Batch(
            latents=self.all["latents"][pick].float(),
            weights=figures_first(self.all["weights"][pick].float())[:, :, None],
            ids=ids,
            full=full,
        )


def widen(ids: Tensor, windows: int) -> Tensor:
    """Ids [..., some windows, length] with empty windows behind, `windows` in all."""
    missing = windows - ids.shape[-2]
    if missing <= 0:
        return ids
    empty = ids[..., :1, :].clone()
    empty[..., 1:] = empty[..., -1:].amax()  # the end mark, which also pads, is the highest id
    return torch.cat([ids, empty.expand(*ids.shape[:-2], missing, ids.shape[-1])], -2)


def windows_used(ids: Tensor) -> int:
    """Windows up to the last one that holds a token in any text; at least 1."""
    filled = ids[..., 1] != ids.amax()
    holding = filled.flatten(0, -2).any(0).nonzero()
    return int(holding.max()) + 1 if len(holding) else 1
