"""Teach the story model to draw whom a reference picture shows; nothing of it changes itself.

    python -m training.train_identity --data STORIES --latents RUN/story_latents \
        --prompts RUN/identity_prompts.npz --tokenizer RUN/story_tokenizer --story RUN/story \
        --eye RUN/eye.safetensors --out RUN --minutes 30

Distillation: the model itself, reading all of a character's looks, is the teacher. The student
reads "a man man man", with what three views of another panel show merged into these words, and
answers with its LoRA on to the same noise. The two answers differ in the looks alone, which makes
for far less variance than the noise has; a share of the usual v loss tells what words leave out.
Publishes RUN/identity; resumes from RUN/identity.pt, or begins from an adapter with `--start`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from training.attention import attention_for
from training.identity_batches import TARGETS, Lesson, References
from training.identity_models import Adapter, begin_neutral, load_adapter, load_eye, save_adapter
from training.optimiser import Optimisers
from training.run import Run
from training.story_batches import any_sizes
from training.story_models import StoryNetworks, load_story_networks, noise_levels
from training.train_story import unsaid_ids
from vivant.diffusion.consistent_attention import StoryAttention
from vivant.weights.identity import LoraSwitch

NOT_MATRICES = ("lora_", "norm", "embedding", "heads")
"""Parameters that AdamW trains although they have two dimensions."""

FROM_PICTURES = 0.3
"""Weight of the usual v loss; the teacher has the rest."""

NAMING = 0.02
"""Weight of going on to name what the reference shows, so that the eye does not forget."""

SLOWER = 0.15
"""Rate of what already sees, as a share of the others'."""

PROBE_GROUPS = 8
"""The first groups are kept out of training, for the probe."""

PROBE_TIME = 600


class Together:
    """Several `Optimisers` as one, each with its own rates."""

    def __init__(self, *each: Optimisers) -> None:
        self.each = each

    def set_progress(self, done: float) -> float:
        """As `Optimisers`; returns the first one's rate."""
        rates = [one.set_progress(done) for one in self.each]
        return rates[0]

    def step(self) -> None:
        """Update and clear gradients."""
        for one in self.each:
            one.step()

    def state_dict(self) -> dict[str, Any]:
        """For checkpoints."""
        return {str(i): one.state_dict() for i, one in enumerate(self.each)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """From a checkpoint."""
        for i, one in enumerate(self.each):
            one.load_state_dict(state[str(i)])


class Student:
    """The story model, its teacher and its student in one.

    Attributes:
        nets: frozen; the teacher as long as the LoRA is off.
        adapter: what is trained.
        lora: the UNet's.
    """

    def __init__(self, nets: StoryNetworks, adapter: Adapter) -> None:
        self.nets, self.adapter = nets, adapter
        self.lora = LoraSwitch(nets.unet)
        self.lora.set(on=True)

    def answers(self, lesson: Lesson, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """V as teacher and student have it, and what the eye has seen, [groups * views, hidden]."""
        levels = noise_levels()
        sigma = _sigmas(lesson)
        x = levels.net_input(lesson.latents + sigma * noise, sigma)
        sizes = any_sizes(len(x))[:, : x.shape[1]].to(x.device)
        both = torch.cat([lesson.full, lesson.stacked], 1)
        with attention_for(x.device), torch.autocast(x.device.type, torch.bfloat16):
            with torch.no_grad():
                tokens, pooled_text = self.nets.read(both.flatten(0, 1))
                texts = [t.unflatten(0, both.shape[:2]) for t in (tokens, pooled_text)]
                (full, stacked), (full_pooled, stacked_pooled) = (t.chunk(2, 1) for t in texts)
                self.lora.set(on=False)
                taught = self.nets.draw(x, lesson.times, full, full_pooled, sizes, lesson.attention)
            self.lora.set(on=True)
            looks = self.adapter.eye.encoder.look(lesson.pictures.flatten(0, 1))
            seen = self.adapter.eye.encoder.project(looks).unflatten(0, lesson.pictures.shape[:2])
            merged = self.adapter.merge(stacked, lesson.places, seen)
            learnt = self.nets.draw(
                x, lesson.times, merged, stacked_pooled, sizes, lesson.attention
            )
        return taught.float(), learnt.float(), looks

    def loss(self, lesson: Lesson) -> Tensor:
        """Squared distance from teacher and pictures, weighted towards figures and heads."""
        noise = torch.randn_like(lesson.latents)
        taught, learnt, looks = self.answers(lesson, noise)
        sigma = _sigmas(lesson)
        drawn = (noise - sigma * lesson.latents) / torch.sqrt(1 + sigma**2)
        goal = torch.lerp(taught, drawn, FROM_PICTURES)
        naming = self.adapter.eye.loss(looks, lesson.traits.flatten(0, 1))
        return _weighted(learnt - goal, lesson) + NAMING * naming


def _sigmas(lesson: Lesson) -> Tensor:
    """Of a lesson's times, [groups, 1, 1, 1, 1]."""
    table = torch.tensor(noise_levels().table, device=lesson.times.device)
    return table[lesson.times].float()[:, None, None, None, None]


def _weighted(error: Tensor, lesson: Lesson) -> Tensor:
    """Mean square of [groups, panels, channels, h, w] by the lesson's weights."""
    squares = error.pow(2).mean(2, keepdim=True)
    return (squares * lesson.weights).sum() / lesson.weights.sum()


@torch.no_grad()
def probe(student: Student, data: References) -> str:
    """How much of what the looks change in v the reference makes up for, on groups never seen."""
    rng = np.random.default_rng(0)
    attention = StoryAttention(0, TARGETS, {64: 0.5, 256: 0.5}, 0, ())
    times = torch.full((data.held_out,), PROBE_TIME)
    lesson = data.of(torch.arange(data.held_out), attention, times, rng)
    generator = torch.Generator(lesson.latents.device).manual_seed(0)
    noise = torch.randn(lesson.latents.shape, generator=generator, device=lesson.latents.device)
    taught, learnt, _ = student.answers(lesson, noise)
    plain, _, _ = student.answers(lesson.before(), noise)
    gap, left = (float(_weighted(each - taught, lesson)) for each in (plain, learnt))
    return f"of the looks' part of v ({gap:.4f}) the picture gives {1 - left / gap:.3f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--story", type=Path, required=True, help="in the published layout")
    parser.add_argument("--eye", type=Path, required=True, help="of train_identity_eye")
    parser.add_argument("--start", type=Path, help="an adapter's file, to go on from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--groups", type=int, default=8, help=f"of {TARGETS} panels, a step")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--hold", type=float, default=0.3, help="share of time at the full rate")
    parser.add_argument("--probe-every", type=int, default=100, help="steps; 0 for no probe")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def main() -> None:
    """Train until the minutes are over; save the averaged adapter as the package ships it."""
    args = _arguments()
    device = torch.device(args.device)
    torch.manual_seed(0)
    args.out.mkdir(parents=True, exist_ok=True)
    unsaid = unsaid_ids(CLIPTokenizer.from_pretrained(args.tokenizer)).to(device)
    nets = load_story_networks(args.story).requires_grad_(requires_grad=False)
    eye = load_eye(args.eye)
    adapter = Adapter(eye, nets.unet).to(device)
    student = Student(nets.to(device), adapter)
    print({name: sum(p.numel() for p in part.parameters()) for name, part in _sizes(adapter)})
    data = References(
        args.latents,
        args.prompts,
        args.data,
        device,
        held_out=PROBE_GROUPS,
        vision=eye.encoder.config,
    )
    encoder = eye.encoder
    if args.start:
        load_adapter(args.start, adapter)
    else:
        begin_neutral(encoder, data.class_words(nets))
    new = encoder.visual_projection, encoder.visual_projection_2, encoder.fuse_module, adapter.lora
    old = encoder.vision_model, eye.heads
    optimisers = Together(
        Optimisers(new, args.lr, args.lr, NOT_MATRICES, args.hold),
        Optimisers(old, args.lr * SLOWER, args.lr * SLOWER, NOT_MATRICES, args.hold),
    )
    run = Run(adapter, optimisers, args.out / "identity.pt", args.minutes, 0.995)
    torch.manual_seed(run.step)
    rng = np.random.default_rng(run.step)

    def publish() -> None:
        run.save()
        with run.averaged():
            if args.probe_every:
                print(probe(student, data), flush=True)
            save_adapter(args.out / "identity", adapter)

    while run.done < 1:
        run.learn(student.loss(data.lesson(args.groups, unsaid, rng)), clip=1.0)
        if run.step % 20 == 0:
            run.say(args.groups * TARGETS, f"panels of {data.groups} groups")
        if args.probe_every and run.step % args.probe_every == 0:
            publish()
    publish()


def _sizes(adapter: Adapter) -> list[tuple[str, torch.nn.Module]]:
    return [("encoder", adapter.eye.encoder), ("lora", adapter.lora)]


if __name__ == "__main__":
    main()
