"""Turn the rendered set into latents, control latents, token ids and loss weights, once.

    python -m training.encode --data DATA --vae RUN/vae --tokenizer RUN/tokenizer --out RUN/latents

Writes RUN/latents/part-K.npz files; `train_pose` may start on the first while the rest are made.
With --pictures-only there are latents and indices alone, in half of the time: enough for judges.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTokenizer

from training.data import Rendered
from training.models import TEXT_LENGTH


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> np.ndarray:
    """Token ids [texts, TEXT_LENGTH] int16."""
    ids = tokenizer(
        texts, padding="max_length", max_length=TEXT_LENGTH, truncation=True, return_tensors="np"
    ).input_ids
    return np.asarray(ids).astype(np.int16)


def latent_weights(weights: np.ndarray, grid: int) -> np.ndarray:
    """Mean of pixel weights [n, size, size] over latent cells [n, grid, grid]."""
    n, size, _ = weights.shape
    k = size // grid
    return weights.reshape(n, grid, k, grid, k).mean((2, 4))


class Encoder:
    """Pictures to the means of their latents, in bfloat16 where it can be."""

    def __init__(self, vae: AutoencoderKL, device: torch.device) -> None:
        self.device = device
        self.vae = vae.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """RGB pictures [h, w, 3] uint8 to latents [n, channels, h / 16, w / 16] float16."""
        x: Tensor = torch.from_numpy(np.stack(pictures)).to(self.device).permute(0, 3, 1, 2)
        x = (x.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            mean = self.vae.encode(x).latent_dist.mean
        return np.asarray(mean.float().contiguous().cpu().numpy().astype(np.float16))


def main() -> None:
    """Encode picture by picture in small batches: they fit the caches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--stop", type=int, default=1 << 30)
    parser.add_argument("--part", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--pictures-only", action="store_true")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    data = Rendered(args.data)
    encode = Encoder(AutoencoderKL.from_pretrained(args.vae), torch.device(args.device))
    tokenizer = CLIPTokenizer.from_pretrained(args.tokenizer)
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.start)

    for first in range(args.start, min(args.stop, len(data)), args.part):
        indices = range(first, min(first + args.part, args.stop, len(data)))
        batches = [indices[at : at + args.batch] for at in range(0, len(indices), args.batch)]
        latents = [encode([data.pictures[i] for i in some]) for some in batches]
        arrays = {"latents": np.concatenate(latents), "indices": np.array(indices)}
        if not args.pictures_only:
            controls = [encode([data.skeleton(i, rng) for i in some]) for some in batches]
            weights = np.stack([data.weights(i, head=4.0, body=2.0, arm=3.0) for i in indices])
            texts = [c for i in indices for c in data.records[i]["captions"]]
            arrays["controls"] = np.concatenate(controls)
            arrays["weights"] = latent_weights(weights, latents[0].shape[-1]).astype(np.float16)
            arrays["ids"] = token_ids(tokenizer, texts).reshape(len(indices), -1, TEXT_LENGTH)
        np.savez(args.out / f"part-{first:06d}.npz", **arrays)
        print(f"{indices[-1] + 1} encoded", flush=True)


if __name__ == "__main__":
    main()
