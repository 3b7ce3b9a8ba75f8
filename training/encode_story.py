"""Turn the rendered stories into latents, token ids and loss weights, once.

    python -m training.encode_story --data STORIES --vae RUN/vae --tokenizer RUN/story_tokenizer \
        --out RUN/story_latents --start 0 --stop 16000

Panels lie in the order of the set, group by group. Run one process a core, each on its own range;
`train_story` may begin on the first parts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from transformers import CLIPTokenizer

from training.data import Rendered
from training.encode import Encoder, latent_weights
from training.make_story_data import PANELS
from training.models import TEXT_LENGTH

WINDOWS = 2
"""Windows that a prompt's ids are stored in; the few longer prompts lose their end."""


def window_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> list[NDArray[np.int16]]:
    """Token ids of each text, [windows, TEXT_LENGTH], as many windows as it takes."""
    cut = tokenizer(
        texts,
        padding="max_length",
        max_length=TEXT_LENGTH,
        truncation=True,
        return_overflowing_tokens=True,
        return_tensors="np",
    )
    ids = np.asarray(cut["input_ids"]).astype(np.int16)
    owner = np.asarray(cut["overflow_to_sample_mapping"])
    return [ids[owner == i] for i in range(len(texts))]


def in_windows(each: list[NDArray[np.int16]], empty: NDArray[np.int16], windows: int) -> np.ndarray:
    """Texts of different lengths as one array [texts, windows, TEXT_LENGTH]; cut or filled up."""
    filled = [np.concatenate([ids, *[empty] * windows])[:windows] for ids in each]
    return np.stack(filled)


def main() -> None:
    """Encode picture by picture in small batches: they fit the caches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=int, default=0, help="first picture, a group's first")
    parser.add_argument("--stop", type=int, default=1 << 30)
    parser.add_argument("--part", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    if args.start % PANELS or args.part % PANELS:
        parser.error(f"start and part must be multiples of {PANELS}")
    data = Rendered(args.data)
    encoder = Encoder(AutoencoderKL.from_pretrained(args.vae), torch.device(args.device))
    tokenizer = CLIPTokenizer.from_pretrained(args.tokenizer)
    empty = window_ids(tokenizer, [""])[0]
    args.out.mkdir(parents=True, exist_ok=True)
    stop = min(args.stop, len(data))
    for first in range(args.start, stop, args.part):
        indices = range(first, min(first + args.part, stop))
        batches = (indices[at : at + args.batch] for at in range(0, len(indices), args.batch))
        latents = [encoder([data.pictures[i] for i in batch]) for batch in batches]
        weights = np.stack([data.weights(i, head=3.0, body=2.0) for i in indices])
        texts = [c for i in indices for c in data.records[i]["captions"]]
        ids = in_windows(window_ids(tokenizer, texts), empty, WINDOWS)
        np.savez(
            args.out / f"part-{first:06d}.npz",
            latents=np.concatenate(latents),
            weights=latent_weights(weights, latents[0].shape[-1]).astype(np.float16),
            ids=ids.reshape(len(indices), -1, WINDOWS, TEXT_LENGTH),
            indices=np.array(indices),
        )
        print(f"{indices[-1] + 1} encoded", flush=True)


if __name__ == "__main__":
    main()
