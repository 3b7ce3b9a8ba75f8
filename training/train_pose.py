"""Train transformer, control net and text encoders together on encoded latents.

    python -m training.train_pose --latents RUN/latents --vae RUN/vae --tokenizer RUN/tokenizer \
        --out RUN/pose --minutes 70

Rectified flow (Liu et al. 2022, arXiv 2209.03003) with logit-normal times (Esser et al. 2024,
sec. 3.1). Resumes from OUT/pose.pt, or begins from a shipped folder with `--start`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTokenizer

from training.attention import attention_for
from training.encode import token_ids
from training.models import SIZES, PoseNetworks, load_pipeline, save_pipeline
from training.optimiser import Optimisers
from training.run import Run
from training.world.vocabulary import NEGATIVES

TRAITS = {
    "native_size": 256,
    "size_multiple": 32,
    "shift": 1.0,
    "zero_text_tokens": 0,
    "guidance_factor": 0.4,
    "guidance_rescale": 0.0,
    "guide_pose": 0.7,
}


FIGURES = 3.0
"""How much more figures count than the encoded weights say: bodies 4, heads 7. Scenes are learned
within minutes; what is left to learn is figures."""

TIMES = (1.0, 1.2)
"""Mean and spread of the logit of sigma. A latent stands for 16 x 16 pixels and has no neighbour
that repeats it, so that little noise hides much: what a figure looks like is settled at sigma above
0.5. At sigma 0.4 figures came out well while those drawn from noise were smudged."""

NOT_MATRICES = ("embed", "proj_out", "norm")
"""Parameters that AdamW trains although they have two dimensions."""


class Parts:
    """The encoded parts in memory; `refresh` picks up parts that appeared since."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.folder, self.device = folder, device
        self.names: set[str] = set()
        self.parts: list[dict[str, Tensor]] = []
        self.refresh()

    def refresh(self) -> None:
        """Load new parts."""
        before = len(self.names)
        for path in sorted(self.folder.glob("part-*.npz")):
            if path.name in self.names:
                continue
            try:
                with np.load(path) as arrays:
                    part = {k: torch.from_numpy(arrays[k]).to(self.device) for k in arrays}
            except (ValueError, EOFError, OSError):
                continue  # still being written: the next refresh takes it
            self.names.add(path.name)
            self.parts.append(part)
        if len(self.names) == before:
            return
        self.all = {k: torch.cat([p[k] for p in self.parts]) for k in self.parts[0]}
        self.parts = [self.all]
        self.count = len(self.all["latents"])


def figures_first(weights: Tensor) -> Tensor:
    """Encoded weights (1 for the scene) with `FIGURES` times as much above 1."""
    return 1 + FIGURES * (weights - 1)


class Latents(Parts):
    """The encoded pictures, skeletons and captions of the pose set."""

    def batch(self, size: int, unsaid: Tensor) -> dict[str, Tensor]:
        """Random rows; one text in ten is replaced by a row of `unsaid` (nothing, or a negative).

        Returns:
            latents and controls [size, 16, h, w], weights [size, 1, h, w], ids [size, length],
            strength [size]: mostly the default 0.8, now and then none, which without words is
            what guidance leads away from.
        """
        device = self.device
        pick = torch.randint(self.count, (size,), device=device)
        version = torch.randint(self.all["ids"].shape[1], (size,), device=device)
        ids = self.all["ids"][pick, version].long()
        other = unsaid[torch.randint(len(unsaid), (size,), device=device)]
        silent = torch.rand(size, device=device) < 0.1
        luck = torch.rand(size, device=device)
        free = luck > torch.where(silent, 0.4, 0.95)
        strength = torch.where(torch.rand_like(luck) < 0.5, 0.8, 0.7 + 0.3 * torch.rand_like(luck))
        return {
            "latents": self.all["latents"][pick].float(),
            "controls": self.all["controls"][pick].float(),
            "weights": figures_first(self.all["weights"][pick].float())[:, None],
            "ids": torch.where(silent[:, None], other, ids),
            "strength": strength.masked_fill(free, 0.0),
        }


def flow_loss(nets: PoseNetworks, rows: dict[str, Tensor]) -> Tensor:
    """Velocity error at logit-normal times, weighted towards figures and heads."""
    x0 = rows["latents"]
    mean, spread = TIMES
    sigma = torch.sigmoid(mean + spread * torch.randn(len(x0), device=x0.device))
    noise = torch.randn_like(x0)
    x = torch.lerp(x0, noise, sigma[:, None, None, None])
    with attention_for(x.device), torch.autocast(x.device.type, torch.bfloat16):
        velocity = nets(x, sigma, rows["ids"], rows["controls"], rows["strength"])
    error = (velocity.float() - (noise - x0)).pow(2).mean(1, keepdim=True)
    return (error * rows["weights"]).sum() / rows["weights"].sum()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a folder in the published layout")
    parser.add_argument("--size", default="sharp", choices=SIZES)
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--compile", action="store_true", help="needs a C++ compiler, and minutes")
    parser.add_argument("--hold", type=float, default=0.4, help="share of time at the full rate")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def main() -> None:
    """Train until the minutes are over; save the averaged weights in the published layout."""
    args = _arguments()
    device = torch.device(args.device)
    torch.manual_seed(0)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = CLIPTokenizer.from_pretrained(args.tokenizer)
    vae = AutoencoderKL.from_pretrained(args.vae)
    if args.start:
        nets = load_pipeline(args.start, args.size).to(device)
    else:
        nets = PoseNetworks(len(tokenizer), args.size).to(device)
    print({name: sum(p.numel() for p in net.parameters()) for name, net in nets.named_children()})
    if args.compile:
        nets.compile(dynamic=False)
    data = Latents(args.latents, device)
    unsaid = torch.from_numpy(token_ids(tokenizer, ["", "", "", "", *NEGATIVES])).long().to(device)
    optimisers = Optimisers([nets], args.lr, args.lr * 0.4, NOT_MATRICES, args.hold)
    run = Run(nets, optimisers, args.out / "pose.pt", args.minutes, 0.9985)
    torch.manual_seed(run.step)

    def publish() -> None:
        run.save()
        with run.averaged():
            save_pipeline(args.out / "pose", nets, vae, args.tokenizer, TRAITS)

    while run.done < 1:
        run.learn(flow_loss(nets, data.batch(args.batch, unsaid)), clip=1.0)
        if run.step % 100 == 0:
            run.say(args.batch, f"of {data.count}")
            data.refresh()
        if run.step % 400 == 0:
            publish()
    publish()


if __name__ == "__main__":
    main()
