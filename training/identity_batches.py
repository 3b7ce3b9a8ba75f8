"""What the identity adapter learns from: a reference, and other panels of the same person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPVisionConfig

from training.data import Rendered
from training.identity_crops import cuts, trait_labels
from training.make_story_data import PANELS
from training.story_batches import (
    STEPS,
    UNSAID,
    any_attention,
    phase_at,
    step_at,
    widen,
    windows_used,
)
from training.story_models import StoryNetworks
from training.train_pose import Parts, figures_first
from vivant.diffusion.consistent_attention import StoryAttention

TARGETS = PANELS - 1
"""Panels of a group that are drawn; the last one is the reference."""

BEFORE = 0.08
"""Share of batches in which the reference does not count yet."""

LATEST_TIME = 860
"""Noise time at which the reference counts at the earliest, in any number of steps."""

EARLIEST_TIME = 460
"""Noise time at which it counts at the latest: half of the steps come before."""

LOOKS_FROM = 350
"""Below this noise time most looks are settled; a quarter of the times lie there."""


PROMPTS = ("full", "shown", "stacked")


def cut_to_longest(prompts: dict[str, Tensor]) -> dict[str, Tensor]:
    """Ids [groups, panels, windows, length] in as many windows as the longest of all takes."""
    windows = max(map(windows_used, prompts.values()))
    return {kind: ids[:, :, :windows] for kind, ids in prompts.items()}


@dataclass(frozen=True)
class Lesson:
    """Groups of panels to draw, and who is to be in them.

    Attributes:
        latents: [groups, TARGETS, channels, h, w].
        weights: [groups, TARGETS, 1, h, w].
        full: ids of prompts that name all looks, [groups, TARGETS, windows, length].
        shown: ids of prompts that leave them to the picture, of the same shape.
        stacked: the same with the class word once for each view of the picture.
        places: of the first class words in `stacked`, [groups, TARGETS]; 0 where there is none.
        pictures: the references as the encoder takes them, [groups, views, 3, side, side].
        traits: what they show, [groups, views, traits].
        times: noise times, [groups].
        attention: what the panels share, at the step of these times.
    """

    latents: Tensor
    weights: Tensor
    full: Tensor
    shown: Tensor
    stacked: Tensor
    places: Tensor
    pictures: Tensor
    traits: Tensor
    times: Tensor
    attention: StoryAttention

    def prompts(self) -> dict[str, Tensor]:
        """The ids by name."""
        return {kind: getattr(self, kind) for kind in PROMPTS}

    def before(self) -> Lesson:
        """The same at steps before the reference counts: nobody is told who it is."""
        alike = {"full": self.shown, "stacked": self.shown}
        return replace(self, **alike, places=torch.zeros_like(self.places))


def any_times(count: int, *, before: bool) -> Tensor:
    """Noise times [count] at which the reference counts, or at which it may not count yet."""
    even = torch.rand(count)
    if before:
        return (EARLIEST_TIME + even * (1000 - EARLIEST_TIME)).long().clamp(max=999)
    late = torch.rand(count) < 0.25
    times = torch.where(late, even * LOOKS_FROM, LOOKS_FROM + even * (LATEST_TIME - LOOKS_FROM))
    return times.long()


def attention_and_times(
    groups: int, rng: np.random.Generator, *, before: bool
) -> tuple[StoryAttention, Tensor]:
    """Who sees whom, and noise times [groups] in one phase of the sampling."""
    steps = int(rng.integers(STEPS[0], STEPS[1] + 1))
    pool = any_times(32 * groups, before=before)
    phases = phase_at(pool, steps)
    same = pool[phases == phases[0]]
    times = same[torch.arange(groups) % len(same)]
    attention = any_attention(rng, int(step_at(times, steps)[0]))
    attention.identities = min(attention.identities, TARGETS)
    return attention, times


class References(Parts):
    """The encoded groups in memory, with their prompts and pictures.

    Args:
        latents: folder of `encode_story`.
        prompts: file of `identity_prompts`; groups beyond its end are left out.
        data: folder of `make_story_data`.
        device: where lessons lie.
        held_out: the first groups, never given by `lesson`.
        vision: of the encoder that sees the references.
    """

    def __init__(
        self,
        latents: Path,
        prompts: Path,
        data: Path,
        device: torch.device,
        *,
        held_out: int,
        vision: CLIPVisionConfig,
    ) -> None:
        super().__init__(latents, device)
        with np.load(prompts) as arrays:
            self.prompts = {name: torch.from_numpy(arrays[name]).to(device) for name in arrays}
        self.world = Rendered(data)
        self.held_out, self.vision = held_out, vision
        self.groups = min(len(self.prompts["places"]), self.count) // PANELS
        records = self.world.records[: self.groups * PANELS]
        self.traits = torch.tensor([trait_labels(record) for record in records])
        somebody = torch.tensor([bool(record["people"]) for record in records])
        self.somebody = somebody.unflatten(0, (-1, PANELS))

    @torch.no_grad()
    def class_words(self, nets: StoryNetworks, count: int = 32) -> Tensor:
        """Some class words as the text encoders write them, [words, width]."""
        places = self.prompts["places"][: self.groups * PANELS]
        some, version = (each[:count] for each in (places > 0).nonzero(as_tuple=True))
        tokens, _ = nets.read(self.prompts["shown"][some, version].long())
        return tokens[torch.arange(len(some)), places[some, version].long()]

    def lesson(self, groups: int, unsaid: Tensor, rng: np.random.Generator) -> Lesson:
        """Random groups at random times; see `story_batches` for `unsaid`."""
        which = self.held_out + torch.randint(self.groups - self.held_out, (groups,))
        before = rng.random() < BEFORE
        attention, times = attention_and_times(groups, rng, before=before)
        lesson = self.of(which, attention, times, rng)
        silent = torch.rand(groups) < UNSAID
        other = unsaid[torch.randint(len(unsaid), (groups,))][:, None]
        prompts = {
            kind: torch.where(
                silent[:, None, None, None].to(self.device),
                widen(other, ids.shape[2]),
                widen(ids, unsaid.shape[1]),
            )
            for kind, ids in lesson.prompts().items()
        }
        places = torch.where(silent[:, None].to(self.device), 0, lesson.places)
        lesson = replace(lesson, **cut_to_longest(prompts), places=places)
        return lesson.before() if before else lesson

    def of(
        self,
        which: Tensor,
        attention: StoryAttention,
        times: Tensor,
        rng: np.random.Generator,
    ) -> Lesson:
        """The lesson of some groups [groups]: one panel that shows somebody is the reference."""
        luck = torch.from_numpy(rng.random((len(which), PANELS)))
        order = (luck - self.somebody[which].double()).argsort(1)
        mixed = torch.from_numpy(rng.random((len(which), TARGETS))).argsort(1)
        drawn = PANELS * which[:, None] + order[:, 1:].gather(1, mixed)
        seen = PANELS * which + order[:, 0]
        version = torch.from_numpy(rng.integers(self.prompts["places"].shape[1], size=len(which)))
        rows, versions = drawn.to(self.device), version[:, None].to(self.device)
        prompts = {kind: self.prompts[kind][rows, versions].long() for kind in PROMPTS}
        world = self.world
        views = cuts(rng, world.pictures, world.records, seen.numpy(), self.vision)
        return Lesson(
            latents=self.all["latents"][rows].float(),
            weights=figures_first(self.all["weights"][rows].float())[:, :, None],
            **cut_to_longest(prompts),
            places=self.prompts["places"][rows, versions].long(),
            pictures=views.pictures.to(self.device),
            traits=views.labels(self.traits[seen]).to(self.device),
            times=times.to(self.device),
            attention=attention,
        )
