"""Train the judge of heads and chests on renders, some of them through the autoencoder.

    python -m training.train_portraits --data DATA --vae RUN/vae --out RUN/judges --minutes 12

The last 5 % of the renders are held out; accuracies on them, plain and through the autoencoder as
generated pictures are, are the judge's own ceiling. --more adds renders of other seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from training.data import Rendered
from training.judges import labels_of
from training.portraits import (
    SIDE,
    TOLD,
    PortraitJudge,
    levels,
    portrait,
    save_portrait_judge,
)
from training.train_judges import accuracies, train

WIDE = 9 / 8
"""How much wider than a portrait an example is cut: each time another part of it is shown."""

NEEDED = 0.95
"""Accuracy that judging an attribute takes."""


@dataclass(frozen=True)
class Portraits:
    """Wide portraits [n, SIDE * WIDE, SIDE * WIDE, 3] uint8 with labels [n, TOLD]."""

    wide: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.wide)

    def __add__(self, more: Portraits) -> Portraits:
        return Portraits(torch.cat([self.wide, more.wide]), torch.cat([self.labels, more.labels]))

    def __getitem__(self, which: slice | Tensor) -> Portraits:
        return Portraits(self.wide[which], self.labels[which])

    @property
    def plain(self) -> NDArray[np.uint8]:
        """The portraits as the judge is asked about them."""
        edge = (self.wide.shape[1] - SIDE) // 2
        return np.asarray(self.wide[:, edge : edge + SIDE, edge : edge + SIDE].numpy())


class Autoencoder:
    """Pictures there and back again, as generated ones have come."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        vae = AutoencoderKL.from_pretrained(folder).eval().requires_grad_(False)
        self.vae = vae.to(device, memory_format=torch.channels_last)
        self.device = device

    @torch.inference_mode()
    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """[n, h, w, 3] to the same."""
        x = levels(torch.from_numpy(pictures).to(self.device))
        with torch.autocast(self.device.type, torch.bfloat16):
            x = self.vae.encode(x.contiguous(memory_format=torch.channels_last)).latent_dist.mean
            x = self.vae.decode(x).sample
        shown = (x.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)
        return np.asarray(shown.permute(0, 2, 3, 1).cpu().numpy())


def cut_out(
    data: Rendered, which: Sequence[int], through: Autoencoder | None = None, batch: int = 4
) -> Portraits:
    """The portraits of these renders, of those that show exactly one person."""
    alone = [i for i in which if len(data.records[i]["people"]) == 1]
    wide, labels = [], []
    for at in range(0, len(alone), batch):
        some = alone[at : at + batch]
        pictures = np.asarray(data.pictures[some])
        if through is not None:
            pictures = through(pictures)
        for i, picture in zip(some, pictures, strict=True):
            record = data.records[i]
            body = np.array(record["joints"][0], np.float32)
            try:
                cut = portrait(Image.fromarray(picture), body, round(SIDE * WIDE), WIDE)
            except ValueError:
                continue
            wide.append(torch.from_numpy(cut.copy()))
            labels.append([labels_of(record)[name] for name in TOLD])
    return Portraits(torch.stack(wide), torch.tensor(labels))


def shown(wide: Tensor) -> Tensor:
    """Wide portraits [b, w, w, 3] uint8 as the judge meets them in training [b, 3, SIDE, SIDE].

    Another part of each, mirrored or not, a little larger or smaller, blurred, tinted and noisy to
    an extent of its own.
    """
    b, w = wide.shape[:2]
    device = wide.device
    scale = SIDE / w * (1 + 0.08 * (2 * torch.rand(b, device=device) - 1))
    room = (1 - scale).clamp(min=0)
    mirrored = torch.where(torch.rand(b, device=device) < 0.5, -1.0, 1.0)
    theta = torch.zeros(b, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 1, 1] = scale * mirrored, scale
    theta[:, :, 2] = room[:, None] * (2 * torch.rand(b, 2, device=device) - 1)
    grid = F.affine_grid(theta, [b, 3, SIDE, SIDE], align_corners=False)
    x = F.grid_sample(levels(wide), grid, padding_mode="border", align_corners=False)
    amount = torch.rand(3, b, 1, 1, 1, device=device)
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    x = torch.lerp(x, blurred, amount[0] ** 2)
    x = x + 0.06 * amount[1] * torch.randn(b, 3, 1, 1, device=device)
    return x + 0.08 * amount[2] ** 2 * torch.randn_like(x)


def loss_of(net: PortraitJudge, seen: Portraits, device: torch.device, which: Tensor) -> Tensor:
    """What the judge has still to learn of some examples."""
    some = seen[which]
    return net.loss(shown(some.wide.to(device)), some.labels.to(device))


def measure(net: PortraitJudge, held_out: dict[str, Portraits]) -> dict[str, Any]:
    """Accuracies by attribute on each kind of renders that it has not seen."""
    figures: dict[str, Any] = {}
    for kind, portraits in held_out.items():
        found = net.classes(portraits.plain)
        figures[kind] = accuracies(found, portraits.labels, TOLD) | {"renders": len(portraits)}
    return figures


def main() -> None:
    """Cut out, train, measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--more", type=Path, action="append", default=[], help="further renders")
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--through", type=int, default=6000, help="renders also shown decoded")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    device = torch.device(args.device)
    torch.manual_seed(0)
    data, autoencoder = Rendered(args.data), Autoencoder(args.vae, device)
    kept = len(data) - max(1, len(data) // 20)
    seen = cut_out(data, range(kept)) + cut_out(data, range(min(kept, args.through)), autoencoder)
    for folder in args.more:
        more = Rendered(folder)
        seen += cut_out(more, range(len(more)))
    rest = range(kept, len(data))
    plain = [i for i in rest if not data.records[i].get("photographed")]
    held_out = {
        "clean": cut_out(data, plain),
        "decoded": cut_out(data, plain, autoencoder),
        "photographed": cut_out(data, [i for i in rest if i not in set(plain)]),
    }
    net = PortraitJudge().to(device, memory_format=torch.channels_last)
    million = sum(p.numel() for p in net.parameters()) / 1e6
    print(f"{len(seen)} portraits; {million:.1f} M parameters", flush=True)
    train(
        net,
        partial(loss_of, net, seen, device),
        len(seen),
        minutes=args.minutes,
        batch=args.batch,
        lr=args.lr,
        device=device,
    )
    figures = measure(net, {kind: some for kind, some in held_out.items() if len(some)})
    save_portrait_judge(args.out, net, figures)
    print(f"{'held out':20}" + "".join(f"{kind:>14}" for kind in figures))
    for name in TOLD:
        each = "".join(f"{figures[kind].get(name, float('nan')):14.3f}" for kind in figures)
        low = "  below what judging takes" if figures["clean"][name] < NEEDED else ""
        print(f"{name:20}{each}{low}")


if __name__ == "__main__":
    main()
