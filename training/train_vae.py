"""Train the autoencoder on pictures and skeleton drawings.

    python -m training.train_vae --data DATA --out RUN --minutes 50

Resumes from OUT/vae.pt when it is there. `--decoder-only` freezes the encoder, adds a little noise
to the latents and trains the decoder alone: the denoiser stays valid.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from training.data import Rendered
from training.optimiser import Average, Optimisers
from training.run import Run

CONFIGURATION = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 16,
    "block_out_channels": (16, 32, 64, 128, 128),
    "down_block_types": ("DownEncoderBlock2D",) * 5,
    "up_block_types": ("UpDecoderBlock2D",) * 5,
    "layers_per_block": 1,
    "norm_num_groups": 1,
    "mid_block_add_attention": False,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
    "sample_size": 256,
    "scaling_factor": 1.0,
    "shift_factor": 0.0,
}


FOLD_AT = 0.78
"""Share of the training after which the latents' scale is folded in and whole pictures come."""


SIDE = 96
"""Pixels of a crop's side: small ones show more heads in the same time."""


FACE = 48.0
"""Radius in pixels from which on a head needs no more than its usual weight."""


class Crops:
    """Random crops: most of them around a head or a figure, a fifth of them skeleton drawings."""

    def __init__(self, data: Rendered, seed: int) -> None:
        self.data, self.rng = data, np.random.default_rng(seed)

    def one(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        """A crop [side, side, 3] uint8 and its weights [side, side]."""
        rng, data = self.rng, self.data
        i = int(rng.integers(len(data)))
        n = data.size
        x, y = rng.integers(0, n - side + 1, 2)
        heads = data.records[i]["heads"]
        if heads and side < n and rng.random() < 0.7:
            hx, hy, _ = heads[int(rng.integers(len(heads)))]
            spread = side * 0.28 if rng.random() < 0.6 else side * 0.6
            x = int(np.clip(hx - side / 2 + rng.normal(0, spread), 0, n - side))
            y = int(np.clip(hy - side / 2 + rng.normal(0, spread), 0, n - side))
        window = np.s_[y : y + side, x : x + side]
        if rng.random() < 0.2:
            return data.skeleton(i, rng)[window], np.full((side, side), 1.5, np.float32)
        # A small face has as much to tell as a large one, in fewer pixels.
        smallest = min((r for _, _, r in heads), default=FACE)
        head = 6.0 * float(np.clip(FACE / smallest, 1, 2))
        return data.pictures[i][window], data.weights(i, head, body=2.0)[window]

    def batch(self, count: int, side: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Pictures [count, 3, side, side] in [-1, 1] and weights [count, 1, side, side]."""
        crops, weights = zip(*(self.one(side) for _ in range(count)), strict=True)
        x = torch.from_numpy(np.stack(crops)).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
        return x.contiguous(memory_format=torch.channels_last), torch.from_numpy(
            np.stack(weights)
        ).to(device)[:, None]


def _edges(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., :, 1:] - x[..., :, :-1], x[..., 1:, :] - x[..., :-1, :]


def reconstruction_loss(guess: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted L1 + 2 L2 + 0.7 of the L1 of horizontal and vertical differences.

    L1 alone settles on the median, which wipes out an eye whose place is not known yet.
    """
    weight = weight / weight.mean()
    error = guess - target
    loss = ((error.abs() + 2 * error.square()) * weight).mean()
    (gx, gy), (tx, ty) = _edges(guess), _edges(target)
    across = ((gx - tx).abs() * weight[..., :, 1:]).mean()
    down = ((gy - ty).abs() * weight[..., 1:, :]).mean()
    return loss + 0.7 * (across + down)


@torch.inference_mode()
def report(vae: AutoencoderKL, data: Rendered, path: Path, device: torch.device) -> float:
    """Save a sheet of pictures over reconstructions; returns PSNR in dB over 24 held-out ones."""
    indices = range(len(data) - 24, len(data))
    x = torch.from_numpy(np.stack([data.pictures[i] for i in indices])).to(device)
    x = x.permute(0, 3, 1, 2).float() / 127.5 - 1
    y = torch.cat([vae(part).sample for part in x.split(4)]).clamp(-1, 1)
    error = ((x - y) / 2).pow(2).mean((1, 2, 3))
    rows = []
    for start in (0, 6):
        rows += [x[start : start + 6], y[start : start + 6]]
    sheet = torch.cat([torch.cat(list(r), 2) for r in rows], 1)
    image = ((sheet.permute(1, 2, 0) + 1) * 127.5).round().byte().cpu().numpy()
    Image.fromarray(image).save(path)
    return float((-10 * error.log10()).mean())


@torch.inference_mode()
def whiten(vae: AutoencoderKL, data: Rendered, device: torch.device) -> None:
    """Fold the latents' mean and deviation per channel into the encoder's and decoder's edges."""
    picks = np.random.default_rng(0).integers(0, len(data), 160)
    x = torch.from_numpy(np.stack([data.pictures[i] for i in picks])).to(device)
    x = x.permute(0, 3, 1, 2).float() / 127.5 - 1
    z = torch.cat([vae.encode(part).latent_dist.mean for part in x.split(8)])
    mean, std = z.mean((0, 2, 3)), z.std((0, 2, 3))
    out, first = vae.encoder.conv_out, vae.decoder.conv_in
    n = len(mean)
    out.weight[:n] /= std[:, None, None, None]
    out.bias[:n] = (out.bias[:n] - mean) / std
    out.bias[n:] -= 2 * std.log()  # the second half is a log-variance
    # The zero padding of conv_in stands for z = 0, which the shift moves to the channel's mean:
    # exact inside, and the short fine-tuning that follows settles the border.
    first.bias += (first.weight * mean[None, :, None, None]).sum((1, 2, 3))
    first.weight *= std[None, :, None, None]
    print("latent deviation before folding:", [round(float(s), 2) for s in std])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--batch", type=int, default=28)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--start", type=Path, help="a diffusers vae folder to begin from")
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def vae_loss(vae: AutoencoderKL, x: Tensor, weight: Tensor, *, decoder_only: bool) -> Tensor:
    """Reconstruction and a little KL; with the encoder frozen, reconstruction from noised latents.

    The noise stands for what a denoiser leaves: the decoder learns to look through it.
    """
    with torch.autocast(x.device.type, torch.bfloat16):
        posterior = vae.encode(x).latent_dist
        if decoder_only:
            z = posterior.mean + 0.08 * torch.randn_like(posterior.mean)
        else:
            z = posterior.sample()
        y = vae.decode(z).sample
    loss = reconstruction_loss(y.float(), x, weight)
    return loss if decoder_only else loss + 1e-3 * posterior.kl().mean() / z[0].numel()


def main() -> None:
    """Train until the minutes are over, then save OUT/vae in diffusers layout."""
    args = _arguments()
    device = torch.device(args.device)
    torch.manual_seed(0)
    args.out.mkdir(parents=True, exist_ok=True)
    data = Rendered(args.data)
    vae = (
        AutoencoderKL.from_pretrained(args.start) if args.start else AutoencoderKL(**CONFIGURATION)
    )
    vae = vae.to(device, memory_format=torch.channels_last)
    vae.encoder.requires_grad_(not args.decoder_only)
    run = Run(
        vae, Optimisers([vae], args.lr, args.lr * 0.3), args.out / "vae.pt", args.minutes, 0.998
    )
    crops = Crops(data, seed=run.step + 1)
    folded = bool(args.start) or run.done > FOLD_AT
    while run.done < 1:
        if run.done > FOLD_AT and not folded:
            run.average.copy_to()
            whiten(vae, data, device)
            run.average, folded = Average([vae], run.decay), True
        # Crops teach detail cheaply; whole pictures, at the end, how the borders are padded.
        whole = run.done > FOLD_AT and run.step % 2 == 0
        side = data.size if whole else SIDE
        count = max(args.batch * SIDE**2 // side**2, 1)
        x, weight = crops.batch(count, side, device)
        run.learn(vae_loss(vae, x, weight, decoder_only=args.decoder_only))
        if run.step % 50 == 0:
            run.say(args.batch)
        if run.step % 400 == 0:
            run.save()
            _publish(run, vae, data, args.out, device)
    run.save()
    _publish(run, vae, data, args.out, device)


def _publish(run: Run, vae: AutoencoderKL, data: Rendered, out: Path, device: torch.device) -> None:
    with run.averaged():
        print(f"PSNR {report(vae, data, out / 'vae.png', device):.2f} dB", flush=True)
        vae.save_pretrained(out / "vae")


if __name__ == "__main__":
    main()
