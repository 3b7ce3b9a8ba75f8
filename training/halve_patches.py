"""Give every latent a token of its own: a pose model with patches of 2 goes on with patches of 1.

    python -m training.halve_patches --model FOLDER --out SHARP

Then `training.train_pose --start SHARP --size sharp` trains it: what the blocks know of words and
bodies stays, what four latents share one token for is learnt anew, latent by latent. A step takes
about three times as long, and so does a picture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from diffusers.models.embeddings import get_2d_sincos_pos_embed_from_grid
from torch import Tensor

from training.models import PoseNetworks, load_pipeline, save_pipeline

CHANNELS = 16


def halved_input(weight: Tensor) -> Tensor:
    """A patch's projection [width, channels, 2, 2] for one latent that stands for all four."""
    return weight.sum((2, 3), keepdim=True)


def halved_output(parameter: Tensor) -> Tensor:
    """Rows of all four latents [4 * channels, ...], row by row of the patch, to their mean."""
    return parameter.unflatten(0, (4, CHANNELS)).mean(0)


def halved_positions(positions: Tensor, width: int) -> Tensor:
    """Sines and cosines of a grid twice as fine over the same picture.

    Args:
        positions: [1, cells * cells, width] of a grid in which a step is a quarter.
        width: of a token.

    Returns:
        [1, 4 * cells * cells, width].
    """
    cells = round(positions.shape[1] ** 0.5)
    steps = ((torch.arange(2 * cells, dtype=torch.float64) + 0.5) / 2 - 0.5) / 4
    # diffusers' grid names the column first.
    grid = torch.stack(torch.meshgrid(steps, steps, indexing="xy")).unsqueeze(1)
    finer: Tensor = get_2d_sincos_pos_embed_from_grid(width, grid, output_type="pt")
    return finer[None].to(positions.dtype)


def with_halved_patches(nets: PoseNetworks) -> PoseNetworks:
    """The same networks of size `sharp`, from those of size `small`."""
    sharp = PoseNetworks(nets.text[0].config.vocab_size, "sharp")
    state = dict(nets.state_dict())
    for name, tensor in state.items():
        if name.endswith(("pos_embed.proj.weight", "pos_embed_input.proj.weight")):
            state[name] = halved_input(tensor)
        elif name.startswith("transformer.proj_out."):
            state[name] = halved_output(tensor)
        elif name.endswith("pos_embed.pos_embed"):
            state[name] = halved_positions(tensor, tensor.shape[-1])
    sharp.load_state_dict(state)
    return sharp


def main() -> None:
    """Read, convert, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="of size small")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    sharp = with_halved_patches(load_pipeline(args.model, "small"))
    vae = AutoencoderKL.from_pretrained(args.model / "vae", torch_dtype=torch.float32)
    traits = json.loads((args.model / "vivant.json").read_text())
    save_pipeline(args.out, sharp, vae, args.model / "tokenizer", traits)


if __name__ == "__main__":
    main()
