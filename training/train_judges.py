"""Train the joint judge and the attribute judge on the latents of renders.

    python -m training.train_judges --data DATA --latents RUN/latents --out RUN/judges --minutes 3

The last 5 % of the encoded renders are held out; accuracies on them are the judges' own ceiling.
What tells a man from a woman is small, and a judge soon knows some thousands of renders by heart:
--more adds renders of other seeds (`make_data --first-seed`, `encode --pictures-only`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from training.judges import (
    CLASSES,
    HIDDEN,
    JOINTS,
    AttributeJudge,
    JointJudge,
    Judges,
    Size,
    figure_cells,
    labels_of,
    load_judges,
    save_judges,
)
from training.optimiser import Average, Optimisers

NEAR = 0.1
"""A joint counts as right within this share of the longer side of its figure's box."""


@dataclass(frozen=True)
class Examples:
    """Encoded renders.

    Attributes:
        latents: [n, channels, h, w] float16.
        joints: [n, 18, 3] in pixels; confidence 0 throughout unless one person is there.
        labels: [n, attributes] as `CLASSES` orders them.
    """

    latents: Tensor
    joints: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.latents)

    def __getitem__(self, which: slice | Tensor) -> Examples:
        return Examples(self.latents[which], self.joints[which], self.labels[which])

    def __add__(self, more: Examples) -> Examples:
        return Examples(
            torch.cat([self.latents, more.latents]),
            torch.cat([self.joints, more.joints]),
            torch.cat([self.labels, more.labels]),
        )


def read_examples(
    data: Path, latents: Path, label: Callable[[dict[str, Any]], dict[str, int]] = labels_of
) -> Examples:
    """All encoded parts in the order of their renders; `label` reads a record's labels.

    Raises:
        FileNotFoundError: there is no part.
    """
    parts = sorted(latents.glob("part-*.npz"))
    if not parts:
        raise FileNotFoundError(f"{latents}: no part-*.npz; run training.encode first")
    encoded, indices = [], []
    for path in parts:
        with np.load(path) as arrays:
            encoded.append(arrays["latents"])
            indices.append(arrays["indices"])
    with (data / "samples.jsonl").open() as lines:
        records = [json.loads(line) for line in lines]
    shown = [records[i] for i in np.concatenate(indices)]
    labels = [list(label(record).values()) for record in shown]
    return Examples(
        torch.from_numpy(np.concatenate(encoded)),
        torch.from_numpy(np.stack([_joints(record) for record in shown])),
        torch.tensor(labels),
    )


def _joints(record: dict[str, Any]) -> NDArray[np.float32]:
    if len(record["joints"]) != 1:
        return np.zeros((JOINTS, 3), np.float32)
    return np.array(record["joints"][0], np.float32)


def perturb(latents: Tensor) -> Tensor:
    """What decoding and encoding again may do to latents [b, c, h, w], and generation besides.

    A random mixture of slight blur, per-channel gain and offset, and noise, each sample with its
    own strength, so that some stay nearly clean.
    """
    b, c = latents.shape[:2]
    amount = torch.rand(4, b, 1, 1, 1, device=latents.device)
    blurred = F.avg_pool2d(F.pad(latents, (1, 1, 1, 1), mode="replicate"), 3, 1)
    out = torch.lerp(latents, blurred, 0.35 * amount[0])
    out = out * (1 + 0.12 * amount[1] * torch.randn(b, c, 1, 1, device=latents.device))
    out = out + 0.15 * amount[2] * torch.randn(b, c, 1, 1, device=latents.device)
    return out + 0.3 * amount[3] * torch.randn_like(latents)


def near(found: Tensor, asked: Tensor) -> Tensor:
    """Which joints are where they were asked.

    Args:
        found: [b, 18, 2 or more], pixels.
        asked: [b, 18, 3], pixels and confidence.

    Returns:
        float [b, 18]: 1 within `NEAR` of the longer side of the box of the asked joints, 0 beyond,
        nan where none was asked.
    """
    there = asked[..., 2] > 0
    low = asked[..., :2].masked_fill(~there[..., None], torch.inf).amin(1)
    high = asked[..., :2].masked_fill(~there[..., None], -torch.inf).amax(1)
    side = (high - low).amax(-1, keepdim=True)
    distance = (found[..., :2] - asked[..., :2]).norm(dim=-1)
    return (distance <= NEAR * side).float().masked_fill(~there, torch.nan)


def train(
    net: nn.Module,
    loss_of: Callable[[Tensor], Tensor],
    count: int,
    *,
    minutes: float,
    batch: int,
    lr: float,
    device: torch.device,
) -> None:
    """Train for that long; the net ends with its averaged weights.

    Args:
        net: to be trained.
        loss_of: what it has still to learn of the examples with these numbers [b].
        count: of examples.
        minutes: by the clock.
        batch: examples a step.
        lr: Muon's peak rate; AdamW's is half of it.
        device: of the net.
    """
    words = ("enter", "head", "positions", "queries", "norm", "down")
    optimisers, average = Optimisers([net], lr, lr * 0.5, words, hold=0.3), Average([net], 0.995)
    begun, step, running = time.monotonic(), 0, 0.0
    while (done := (time.monotonic() - begun) / 60 / minutes) < 1:
        optimisers.set_progress(done)
        with torch.autocast(device.type, torch.bfloat16):
            loss = loss_of(torch.randint(count, (batch,)))
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimisers.step()
        average.update(step)
        step += 1
        running = loss.item() if step == 1 else 0.95 * running + 0.05 * loss.item()
        if step % 50 == 0:
            print(f"\r{done:4.0%} step {step} loss {running:.4f}", end="", flush=True)
    average.copy_to()
    net.eval()
    print(f"\rdone: {step} steps, {step * batch} samples, loss {running:.4f}")


def loss_of_places(
    net: JointJudge, examples: Examples, device: torch.device, which: Tensor
) -> Tensor:
    """What a joint judge has still to learn of some examples, perturbed."""
    some = examples[which]
    return net.loss(perturb(some.latents.to(device).float()), some.joints.to(device))


def loss_of_names(
    net: AttributeJudge,
    pixels_per_latent: int,
    examples: Examples,
    device: torch.device,
    which: Tensor,
) -> Tensor:
    """What an attribute judge has still to learn of some examples, perturbed."""
    some = examples[which]
    x = perturb(some.latents.to(device).float())
    rows, columns = (side // 2 for side in x.shape[-2:])
    figures = figure_cells(some.joints, 2 * pixels_per_latent, rows, columns)
    return net.loss(x, some.labels.to(x.device), figures.to(x.device))


def judge_in_batches(ask: Callable[[Tensor], Tensor], latents: Tensor, batch: int = 64) -> Tensor:
    """The answers to all latents, on the CPU."""
    return torch.cat([ask(some.float()).cpu() for some in latents.split(batch)])


def accuracies(found: Tensor, labels: Tensor, names: Iterable[str] = CLASSES) -> dict[str, float]:
    """Share of right answers by attribute, among those that show; both [b, attributes]."""
    shares = {}
    for i, name in enumerate(names):
        seen = labels[:, i] != HIDDEN
        if seen.any():
            shares[name] = (found[seen, i] == labels[seen, i]).float().mean().item()
    return shares


def measure(judges: Judges, held_out: Examples, device: torch.device) -> dict[str, Any]:
    """Both judges on renders that they have not seen: clean, and perturbed as in training."""
    figures: dict[str, Any] = {"renders": len(held_out)}
    torch.manual_seed(1)
    clean = held_out.latents.float()
    for name, latents in (("clean", clean), ("perturbed", perturb(clean))):
        there = (held_out.joints[..., 2] > 0).any(1)
        places = judge_in_batches(lambda x: judges.joints.joints(x.to(device)), latents)
        classes = judge_in_batches(lambda x: judges.attributes.classes(x.to(device)), latents)
        right = near(places[there], held_out.joints[there])
        figures[name] = {
            "joints": right.nanmean().item(),
            "attributes": accuracies(classes, held_out.labels),
        }
    return figures


def show(figures: dict[str, Any]) -> None:
    """Print what `measure` found."""
    clean, rough = figures["clean"], figures["perturbed"]
    print(f"{figures['renders']} renders held out         clean  perturbed")
    print(f"{'joints within 10 %':30}{clean['joints']:7.3f}{rough['joints']:11.3f}")
    for name, share in clean["attributes"].items():
        print(f"{name:30}{share:7.3f}{rough['attributes'][name]:11.3f}")


def main() -> None:
    """Train both, one after the other, or one of them; measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument(
        "--more",
        type=Path,
        nargs=2,
        action="append",
        default=[],
        metavar=("DATA", "LATENTS"),
        help="further renders to learn from, none held out",
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=3, help="for each of the two judges")
    parser.add_argument("--joints-of", type=Path, help="judges whose joint judge is kept as it is")
    parser.add_argument("--attributes-of", type=Path, help="the same of attributes")
    parser.add_argument("--start", type=Path, help="judges whose attribute judge is trained on")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--pixels-per-latent", type=int, default=16)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    device = torch.device(args.device)
    torch.manual_seed(0)
    examples = read_examples(args.data, args.latents)
    kept = len(examples) - max(1, len(examples) // 20)
    seen, held_out = examples[:kept], examples[kept:]
    for data, latents in args.more:
        seen += read_examples(data, latents)
    with_person = seen[(seen.joints[..., 2] > 0).any(1)]
    size = Size(channels=examples.latents.shape[1])
    if args.attributes_of:
        attributes = load_judges(args.attributes_of, device).attributes
    elif args.start:
        attributes = load_judges(args.start, device).attributes
        attributes.train().requires_grad_(requires_grad=True)
    else:
        attributes = AttributeJudge(size).to(device)
    million = sum(p.numel() for p in attributes.parameters()) / 1e6
    print(f"{len(seen)} renders, {len(with_person)} with one person; {million:.1f} M parameters")
    settings = {"minutes": args.minutes, "batch": args.batch, "lr": args.lr, "device": device}
    if args.joints_of:
        places = load_judges(args.joints_of, device).joints
    else:
        places = JointJudge(size, args.pixels_per_latent).to(device)
        finding = partial(loss_of_places, places, with_person, device)
        train(places, finding, len(with_person), **settings)
    if not args.attributes_of:
        naming = partial(loss_of_names, attributes, args.pixels_per_latent, seen, device)
        train(attributes, naming, len(seen), **settings)
    figures = measure(Judges(places, attributes, {}), held_out, device)
    save_judges(args.out, Judges(places, attributes, figures))
    show(figures)


if __name__ == "__main__":
    main()
