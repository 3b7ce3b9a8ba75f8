"""What the autoencoder makes of a rendered set: as our models' own pictures look.

    python -m training.decode_data --data DATA --vae VAE --out OUT --count 4000

Writes OUT/pictures.npy and OUT/samples.jsonl as `make_data` does, of DATA's first pictures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from training.data import Rendered
from training.encode import Encoder

BATCH = 8


def main() -> None:
    """Encode and decode in small batches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=4000)
    args = parser.parse_args()
    data = Rendered(args.data)
    count = min(args.count, len(data))
    device = torch.device("cpu")
    encode = Encoder(AutoencoderKL.from_pretrained(args.vae), device)
    args.out.mkdir(parents=True, exist_ok=True)
    shape = (count, data.size, data.size, 3)
    decoded = np.lib.format.open_memmap(
        args.out / "pictures.npy", mode="w+", dtype=np.uint8, shape=shape
    )
    for first in range(0, count, BATCH):
        rows = range(first, min(first + BATCH, count))
        latents = torch.from_numpy(encode([data.pictures[i] for i in rows]))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            pictures = encode.vae.decode(latents.float()).sample
        pixels = ((pictures.float() + 1) * 127.5).clamp(0, 255).round().byte()
        decoded[rows.start : rows.stop] = pixels.permute(0, 2, 3, 1).numpy()
        print(f"\r{rows.stop}/{count}", end="", flush=True)
    print()
    with (args.out / "samples.jsonl").open("w") as out:
        out.writelines(f"{json.dumps(record)}\n" for record in data.records[:count])


if __name__ == "__main__":
    main()
