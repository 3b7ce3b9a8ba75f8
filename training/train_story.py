"""Train the story model's UNet and text encoders on groups of panels that see each other.

    python -m training.train_story --latents RUN/story_latents --tokenizer RUN/story_tokenizer \
        --out RUN --minutes 75

v-prediction (Salimans & Ho 2022, arXiv 2202.00512); consistent self-attention is on from the first
step, as a small network does not become consistent without it. With `--pairs` the network also
teaches itself: where a prompt leaves looks open, the answer to the same prompt with all looks told
is what other panels are to make up for. The two differ in the looks alone, which makes for far less
variance than noise has. Publishes RUN/story, which shares the pose model's autoencoder. Resumes
from OUT/story.pt, or begins from a folder with `--start`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from training.attention import attention_for
from training.encode_story import in_windows, window_ids
from training.make_story_data import PANELS
from training.optimiser import Optimisers
from training.run import Run
from training.story_batches import (
    STEPS,
    UNEVEN,
    UNSAID,
    UNSAID_ALONE,
    Batch,
    Stories,
    any_attention,
    any_sizes,
    step_at,
    times_apart,
    times_of_one_phase,
)
from training.story_models import (
    StoryNetworks,
    load_story_networks,
    noise_levels,
    save_story_pipeline,
)
from training.story_probe import probe
from training.world.story_captions import unwanted
from vivant.diffusion.consistent_attention import ALONE_STEPS, StoryAttention

NOT_MATRICES = ("embed", "conv_in", "conv_out", "norm", "position")
"""Parameters that AdamW trains although they have two dimensions or more."""

TAUGHT = 0.5
"""Share of batches, of those that see each other, that are taught, where there are pairs."""

FROM_PICTURES = 0.3
"""Weight of the pictures in what these learn; the network's own better knowledge has the rest."""

PROBE_GROUPS = 32
"""The first groups are kept out of training, for the probe."""


def unsaid_ids(tokenizer: CLIPTokenizer) -> Tensor:
    """What stands in for prompts, [texts, windows, length]: half nothing, half negative prompts."""
    texts = unwanted()
    each = window_ids(tokenizer, [*[""] * len(texts), *texts])
    return torch.from_numpy(in_windows(each, each[0][:1], max(map(len, each)))).long()


def v_loss(
    nets: StoryNetworks,
    batch: Batch,
    times: Tensor,
    sizes: Tensor,
    attention: StoryAttention,
) -> Tensor:
    """Squared error of v at `times` [groups] or [groups, PANELS], weighted towards figures."""
    levels = noise_levels()
    clean = batch.latents
    sigma = torch.tensor(levels.table, device=clean.device)[times].float()
    sigma = sigma.reshape(len(clean), -1, 1, 1, 1)
    noise = torch.randn_like(clean)
    x = levels.net_input(clean + sigma * noise, sigma)
    target = (noise - sigma * clean) / torch.sqrt(1 + sigma**2)
    with attention_for(x.device), torch.autocast(x.device.type, torch.bfloat16):
        if batch.full is not None:
            with torch.no_grad():
                taught = nets(x, times, batch.full, sizes, attention)
            target = torch.lerp(taught.float(), target, FROM_PICTURES)
        v = nets(x, times, batch.ids, sizes, attention)
    error = (v.float() - target).pow(2).mean(2, keepdim=True)
    loss: Tensor = (error * batch.weights).sum() / batch.weights.sum()
    return loss


def loss_of_a_step(
    nets: StoryNetworks, data: Stories, groups: int, unsaid: Tensor, rng: np.random.Generator
) -> Tensor:
    """Loss of one random batch of groups."""
    steps = int(rng.integers(STEPS[0], STEPS[1] + 1))
    times = times_of_one_phase(groups, steps)
    attention = any_attention(rng, int(step_at(times, steps)[0]))
    if attention.shares and rng.random() < UNEVEN:
        times = times_apart(groups, steps)
        attention.begin(int(rng.integers(ALONE_STEPS, steps)))
    sizes = any_sizes(groups).to(data.device)
    if data.pairs and attention.shares and rng.random() < TAUGHT:
        batch = data.taught(groups)
    else:
        batch = data.batch(groups, unsaid, UNSAID if attention.shares else UNSAID_ALONE)
    return v_loss(nets, batch, times.to(data.device), sizes, attention)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, help="file of identity_prompts, to teach itself")
    parser.add_argument("--start", type=Path, help="a folder in the published layout")
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--groups", type=int, default=12, help=f"of {PANELS} panels, a step")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--hold", type=float, default=0.4, help="share of time at the full rate")
    parser.add_argument("--probe-every", type=int, default=200, help="steps; 0 for no probe")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def main() -> None:
    """Train until the minutes are over; save the averaged weights in the published layout."""
    args = _arguments()
    device = torch.device(args.device)
    torch.manual_seed(0)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = CLIPTokenizer.from_pretrained(args.tokenizer)
    nets = load_story_networks(args.start) if args.start else StoryNetworks(len(tokenizer))
    nets.to(device)
    print({name: sum(p.numel() for p in net.parameters()) for name, net in nets.named_children()})
    data = Stories(args.latents, device, PROBE_GROUPS, args.pairs)
    unsaid = unsaid_ids(tokenizer).to(device)
    optimisers = Optimisers([nets], args.lr, args.lr * 0.4, NOT_MATRICES, args.hold)
    run = Run(nets, optimisers, args.out / "story.pt", args.minutes, 0.9985)
    torch.manual_seed(run.step)
    rng = np.random.default_rng(run.step)

    def publish() -> None:
        run.save()
        with run.averaged():
            save_story_pipeline(args.out / "story", nets, args.tokenizer)

    while run.done < 1:
        run.learn(loss_of_a_step(nets, data, args.groups, unsaid, rng), clip=1.0)
        if run.step % 50 == 0:
            run.say(args.groups * PANELS, f"panels of {data.count}")
            data.refresh()
        if args.probe_every and run.step % args.probe_every == 0:
            with run.averaged():
                print(probe(nets, data.held_out_groups()), flush=True)
        if run.step % 400 == 0:
            publish()
    publish()


if __name__ == "__main__":
    main()
