"""Lockstep against the published method run plainly: seconds, memory, by panels, steps and size.

    python bench/story.py                                 # the embedded model
    python bench/story.py --random-weights middle         # SDXL's layout, a fiftieth of its size
    python bench/story.py --random-weights sdxl           # full size, for a GPU
    python bench/story.py --random-weights tiny --steps 20 --repeats 1   # a trial of the benchmark

"Plain" is `dense_story.py`: two passes, dense masks, followers one by one, through the layers that
torch and diffusers have (`--plain-fused`: through ours). Both draw the same panels with the same
weights, one after the other in each repeat; figures are medians, and memory is the peak above what
was there before. Decoding and layout are left out of both. `--plain-dtype float32` runs the plain
method as it would run without our choice of a number format.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import random_story
import torch
from dense_story import DenseStory, dense_story
from measure import Plain, forget_peak, peak_gib, resident_gib, timed
from rich.console import Console
from rich.table import Table
from torch import Tensor

from vivant.diffusion.consistent_attention import shares_of
from vivant.diffusion.samplers.ode import euler
from vivant.diffusion.schedules import sigmas_for
from vivant.diffusion.story import Lockstep
from vivant.endpoints.storydiffusion import pipeline
from vivant.endpoints.storydiffusion.endpoint import Storyboard, Take
from vivant.weights.fused import fuse, unfuse
from vivant.weights.load import load_story_model
from vivant.weights.model import StoryModel

CHARACTER = "a man with brown hair, wearing black suit"
WARM_UP_STEPS = 2
PLACES = ("at home", "on the road", "in the forest", "in the city, at night")


@dataclass(frozen=True)
class Case:
    """Medians of one case: seconds and GiB, ours and plain, and what plain takes times as much."""

    size: int
    panels: int
    steps: int
    seconds: float
    plain_seconds: float | None
    memory: float
    plain_memory: float | None
    ratio: float | None


def board_of(size: int, panels: int, steps: int) -> Storyboard:
    """A story of three identity panels and their followers."""
    takes = [
        Take(i, f"{CHARACTER}, {place}", "low quality", seed=42 + i)
        for i, place in zip(range(panels), itertools.cycle(PLACES), strict=False)
    ]
    return Storyboard(
        identities=tuple(takes[:3]),
        followers=tuple(takes[3:]),
        only_followers=False,
        seed=42,
        num_steps=steps,
        guidance_scale=5.0,
        sa32=0.5,
        sa64=0.5,
        width=size,
        height=size,
    )


@torch.inference_mode()
def lockstep_run(model: StoryModel, board: Storyboard, at_once: int | None) -> Tensor:
    """Our latents of all panels."""
    x, sigmas = start(model, board)
    # The published method shares in both halves of guidance, in some calls not; so do both here.
    cast = replace(pipeline.cast_of(model, board), guide_sharing=False)
    traits = replace(model.traits, share_always=False)
    lockstep = Lockstep(
        pipeline.denoiser_of(model),
        cast,
        pipeline.attention_of(traits, board),
        at_once or pipeline.panels_at_once(board),
    )
    sampling = euler(x, sigmas)
    latents, sigma = next(sampling)
    while True:
        clean = torch.cat([clean for _, clean in lockstep.evaluate(latents, sigma)])
        try:
            latents, sigma = sampling.send(clean)
        except StopIteration as finished:
            return finished.value


def plain_run(model: StoryModel, board: Storyboard) -> Tensor:
    """The plain method's latents of all panels."""
    x, sigmas = start(model, board)
    pipeline.denoiser_of(model)  # the same FreeU
    cast = pipeline.cast_of(model, board)
    story = DenseStory(
        identities=len(board.identities),
        shares=shares_of(board.height, board.width, sa32=board.sa32, sa64=board.sa64),
        generator=torch.Generator().manual_seed(board.seed),
    )
    return dense_story(
        model.unet,
        pipeline.parametrisation_of(model),
        story,
        x,
        sigmas,
        cast.positive,
        cast.negative,
        cast.guidance,
        (board.height, board.width),
    )


def start(model: StoryModel, board: Storyboard) -> tuple[Tensor, list[float]]:
    """Start latents, and the schedule."""
    parametrisation = pipeline.parametrisation_of(model)
    schedule = pipeline.SCHEDULES[model.noise.timestep_spacing]
    sigmas = sigmas_for(schedule, "ddim", board.num_steps, parametrisation).tolist()
    takes = (*board.identities, *board.followers)
    return pipeline.noise_of(model, board, takes, parametrisation, sigmas[0]), sigmas


def run_and_peak(run: Callable[[], object], device: torch.device) -> tuple[float, float]:
    """(seconds, GiB at the peak above what was there before)."""
    forget_peak(device)
    before = resident_gib(device)
    seconds = timed(run, device)
    return seconds, peak_gib(device) - before


def model_of(options: argparse.Namespace, dtype: str) -> StoryModel:
    """The model that the command line names, in a number format."""
    if options.random_weights:
        model = random_story.MODELS[options.random_weights](options.device, dtype)
        fuse(model.unet)
        return model
    return load_story_model(options.weights, device=options.device, dtype=dtype)


def plain_model(model: StoryModel, options: argparse.Namespace) -> StoryModel:
    """The plain method's model: the same one, unless it shall have other layers or numbers."""
    on_processor = options.plain and model.device.type == "cpu"
    if not options.plain_dtype and (options.plain_fused or not on_processor):
        return model
    plainly = model_of(options, options.plain_dtype or options.dtype)
    if not options.plain_fused:
        unfuse(plainly.unet)
    return plainly


def measured(
    model: StoryModel, plainly: StoryModel, board: Storyboard, options: argparse.Namespace
) -> Case:
    """Runs one case, after a short one of its kind to warm up."""
    short = replace(board, num_steps=WARM_UP_STEPS)
    lockstep_run(model, short, options.at_once)
    if options.plain:
        plain_run(plainly, short)
    own, plain = [], []
    for _ in range(options.repeats):
        own.append(run_and_peak(lambda: lockstep_run(model, board, options.at_once), model.device))
        if options.plain:
            plain.append(run_and_peak(lambda: plain_run(plainly, board), model.device))
    return Case(
        size=board.width,
        panels=len(board.identities) + len(board.followers),
        steps=board.num_steps,
        seconds=statistics.median(seconds for seconds, _ in own),
        plain_seconds=statistics.median(seconds for seconds, _ in plain) if plain else None,
        memory=statistics.median(memory for _, memory in own),
        plain_memory=statistics.median(memory for _, memory in plain) if plain else None,
        ratio=statistics.median(p / o for (o, _), (p, _) in zip(own, plain, strict=True))
        if plain
        else None,
    )


def table_of(cases: Sequence[Case], title: str) -> Table:
    """One case a line."""
    table = Table(title=title)
    for head in ("size", "panels", "steps", "s", "plain s", "plain / ours"):
        table.add_column(head, justify="right")
    for head in ("GiB", "plain GiB", "ours / plain"):
        table.add_column(head, justify="right")
    for case in cases:
        row = [str(case.size), str(case.panels), str(case.steps), f"{case.seconds:.2f}"]
        if case.plain_seconds is not None and case.plain_memory is not None:
            row += [f"{case.plain_seconds:.2f}", f"{case.ratio:.2f}", f"{case.memory:.3f}"]
            row += [f"{case.plain_memory:.3f}", f"{case.memory / case.plain_memory:.2f}"]
        else:
            row += ["", "", f"{case.memory:.3f}"]
        table.add_row(*row)
    return table


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Plain)
    parser.add_argument("--weights", help="as `vivant story --weights`; default: embedded")
    parser.add_argument("--random-weights", choices=sorted(random_story.MODELS))
    parser.add_argument("--no-plain", dest="plain", action="store_false", help="ours alone")
    parser.add_argument("--size", type=int, nargs="+", help="default: the model's own")
    parser.add_argument("--panels", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--steps", type=int, nargs="+", default=[20, 50])
    parser.add_argument("--at-once", type=int, help="panels; default: the pipeline's own")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--plain-dtype", help="of the plain method; default: the same")
    parser.add_argument("--plain-fused", action="store_true", help="our layers in both")
    return parser.parse_args()


def main() -> None:
    """Prints the table."""
    options = arguments()
    model = model_of(options, options.dtype)
    plainly = plain_model(model, options)
    sizes = options.size or [model.traits.native_size]
    cases = [
        measured(model, plainly, board_of(size, panels, steps), options)
        for size, panels, steps in itertools.product(sizes, options.panels, options.steps)
    ]
    where = (
        torch.cuda.get_device_name(model.device)
        if model.device.type == "cuda"
        else f"{platform.machine()}, {torch.get_num_threads()} threads"
    )
    dtypes = f"{model.dtype}, plain {plainly.dtype}" if options.plain else f"{model.dtype}"
    title = f"{model.source}, {where}, {dtypes}, torch {torch.__version__}"
    Console(width=None if sys.stdout.isatty() else 120).print(table_of(cases, title))


if __name__ == "__main__":
    main()
