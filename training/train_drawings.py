"""Train the network that finds drawn people, on renders side by side.

    python -m training.train_drawings --data DATA [DATA ...] --out RUN --minutes 25

Resumes from RUN/drawings.pt; writes RUN/people.tflite, which `vivant.pose.drawings` reads.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from training.collages import Collages
from training.drawn_people import DrawnPeople, batch_of, loss
from training.export_drawings import export
from training.optimiser import Optimisers
from training.run import Run

NOT_MATRICES = ("norm", "stem", "head.2")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="from `make_data`")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--workers", type=int, default=2, help="processes that make collages")
    return parser.parse_args()


def main() -> None:
    """Train until the minutes are over; save the averaged weights."""
    args = _arguments()
    torch.manual_seed(0)
    args.out.mkdir(parents=True, exist_ok=True)
    net = DrawnPeople().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    print(sum(p.numel() for p in net.parameters()), "parameters")
    optimisers = Optimisers([net], args.lr, args.lr * 0.5, NOT_MATRICES)
    run = Run(net, optimisers, args.out / "drawings.pt", args.minutes, 0.998)
    collages = Collages(args.data, count=10_000_000, seed=run.step)
    loader = iter(DataLoader(collages, args.batch, num_workers=args.workers))
    while run.done < 1:
        pictures, joints = next(loader)
        shown = batch_of(pictures).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            maps = net(shown)
        total, parts = loss(maps.float(), joints)
        run.learn(total, clip=5.0)
        if run.step % 100 == 0:
            run.say(args.batch, " ".join(f"{k} {v.item():.3f}" for k, v in parts.items()))
        if run.step % 500 == 0:
            run.save()
    run.save()
    with run.averaged():
        export(net.eval(), args.out / "people.tflite")


if __name__ == "__main__":
    main()
