"""Seconds per picture and per step, and peak memory, by batch, size and sampler.

    python bench/pose.py                                  # the embedded model
    python bench/pose.py --random-weights sd3-medium      # full size, against diffusers
    python bench/pose.py --random-weights tiny --steps 2  # a trial of the benchmark itself

Each figure is the median of `--repeats` runs after one that is not counted. With `--against
diffusers` (always with random weights) each run is followed by one of diffusers' own
StableDiffusion3ControlNetPipeline with the same weights, text, noise, sigmas and size; its ratio
tells how many times as long it took.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import random_weights
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, StableDiffusion3ControlNetPipeline
from measure import Plain, forget_peak, peak_gib, synchronise, timed
from PIL import Image
from rich.console import Console
from rich.table import Table

from vivant.base.contract import Progress
from vivant.diffusion.latents import NoiseStream
from vivant.diffusion.samplers.registry import SAMPLER_NAMES
from vivant.diffusion.schedules import sigmas_for
from vivant.endpoints.sd3_med_pose.endpoint import SizedRequest
from vivant.endpoints.sd3_med_pose.pipeline import generate, latent_shape_of, parametrisation_of
from vivant.pose.draw import draw
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import fit
from vivant.weights.load import load_pose_model
from vivant.weights.model import PoseModel
from vivant.weights.quiet import quiet_libraries

PROMPT = (
    "Anime style illustration of a girl wearing a suit. A moon in sky. "
    "In the background we see a big rain approaching."
)


@dataclass(frozen=True)
class Figures:
    """Medians of one case.

    Attributes:
        size: side of the square picture, in pixels.
        batch: pictures made together.
        sampler: by name.
        picture_s: seconds per picture, text and decoding included.
        step_s: seconds per denoising step of the whole batch.
        peak_gib: peak memory, of the GPU where there is one and else of the process.
        diffusers_s: seconds per picture of diffusers' pipeline, or None.
        ratio: median of diffusers' time over ours, run by run, or None.
    """

    size: int
    batch: int
    sampler: str
    picture_s: float
    step_s: float
    peak_gib: float
    diffusers_s: float | None
    ratio: float | None


def measured(model: PoseModel, request: SizedRequest, options: argparse.Namespace) -> Figures:
    """Runs one case."""
    pose = fit(load_preset("waving"), request.width, request.height)
    control_map = draw(pose)
    theirs = None
    if options.against == "diffusers" and request.sampler == "euler":
        theirs = diffusers_run(model, request, control_map)
    forget_peak(model.device)
    own, steps, other = [], [], []
    for i in range(options.repeats + 1):
        seconds, step = own_run(model, request, control_map)
        peak = peak_gib(model.device)
        their_seconds = timed(theirs, model.device) if theirs else None
        if i > 0:
            own.append(seconds / request.samples)
            steps.append(step)
            other += [their_seconds / request.samples] if their_seconds else []
    ratios = [theirs / ours for ours, theirs in zip(own, other, strict=False)]
    return Figures(
        size=request.width,
        batch=request.samples,
        sampler=request.sampler,
        picture_s=statistics.median(own),
        step_s=statistics.median(steps),
        peak_gib=peak,
        diffusers_s=statistics.median(other) if other else None,
        ratio=statistics.median(ratios) if ratios else None,
    )


def own_run(
    model: PoseModel, request: SizedRequest, control_map: Image.Image
) -> tuple[float, float]:
    """(seconds in all, seconds per step) of our pipeline."""
    synchronise(model.device)
    start = time.perf_counter()
    at_step: list[float] = []
    for event in generate(model, request, control_map, max_rows=2 * request.samples):
        if isinstance(event, Progress):
            synchronise(model.device)
            at_step.append(time.perf_counter())
    synchronise(model.device)
    end = time.perf_counter()
    # Between the first step and the last: what comes before and after is no step.
    span = at_step[-1] - at_step[0] if len(at_step) > 1 else end - start
    return end - start, span / max(1, len(at_step) - 1)


def diffusers_run(
    model: PoseModel, request: SizedRequest, control_map: Image.Image
) -> Callable[[], object]:
    """The same pictures by diffusers' pipeline, on the same networks."""
    with quiet_libraries():
        pipeline = StableDiffusion3ControlNetPipeline(
            transformer=model.transformer,
            scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0),
            vae=model.vae,
            text_encoder=model.text_encoders[0],
            tokenizer=model.tokenizers[0],
            text_encoder_2=model.text_encoders[1],
            tokenizer_2=model.tokenizers[1],
            text_encoder_3=model.text_encoder_3,
            tokenizer_3=model.tokenizer_3,
            controlnet=model.controlnet,
        )
    pipeline.set_progress_bar_config(disable=True)
    shape = latent_shape_of(model, request)
    noise = [NoiseStream(request.seed + j, shape, model.device) for j in range(request.samples)]
    latents = torch.stack([stream.draw() for stream in noise]).to(model.dtype)
    sigmas = sigmas_for(
        request.scheduler, request.sampler, request.num_inference_steps, parametrisation_of(model)
    )

    def run() -> object:
        return pipeline(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            sigmas=sigmas[:-1].tolist(),
            guidance_scale=request.guidance_scale,
            control_image=control_map,
            controlnet_conditioning_scale=request.strength,
            num_images_per_prompt=request.samples,
            latents=latents,
            width=request.width,
            height=request.height,
            max_sequence_length=model.traits.zero_text_tokens,
        )

    return run


def table_of(figures: Sequence[Figures], title: str) -> Table:
    """The figures, one case a line, with throughput against a batch of one."""
    single = {(each.size, each.sampler): each.picture_s for each in figures if each.batch == 1}
    table = Table(title=title)
    heads = ["size", "batch", "sampler", "s/picture", "s/step", "peak GiB"]
    for head in [*heads, "x batch 1", "diffusers s/picture", "diffusers / ours"]:
        table.add_column(head, justify="left" if head == "sampler" else "right")
    for each in figures:
        alone = single.get((each.size, each.sampler))
        table.add_row(
            str(each.size),
            str(each.batch),
            each.sampler,
            f"{each.picture_s:.3f}",
            f"{each.step_s:.4f}",
            f"{each.peak_gib:.2f}",
            f"{alone / each.picture_s:.2f}" if alone else "",
            f"{each.diffusers_s:.3f}" if each.diffusers_s else "",
            f"{each.ratio:.2f}" if each.ratio else "",
        )
    return table


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Plain)
    parser.add_argument("--weights", default="embedded", help="as `vivant pose --weights`")
    parser.add_argument("--random-weights", choices=sorted(random_weights.MODELS))
    parser.add_argument("--against", choices=["diffusers", "nothing"])
    parser.add_argument("--size", type=int, nargs="+", help="default: the model's own")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--sampler", nargs="+", choices=SAMPLER_NAMES, default=None)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=7.0)
    parser.add_argument("--strength", type=float, default=0.8)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--threads", type=int, help="of the CPU; default: torch's own choice")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args()
    options.against = options.against or ("diffusers" if options.random_weights else "nothing")
    options.sampler = options.sampler or ["euler", "dpmpp_2m", "dpmpp_2m_sde", "heun"]
    return options


def main() -> None:
    """Prints the table."""
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.random_weights:
        model = random_weights.MODELS[options.random_weights](options.device, options.dtype)
    else:
        model = load_pose_model(options.weights, device=options.device, dtype=options.dtype)
    sizes = options.size or [model.traits.native_size]
    console = Console(width=None if sys.stdout.isatty() else 140)
    figures = []
    for size, sampler, batch in itertools.product(sizes, options.sampler, sorted(options.batch)):
        request = SizedRequest(
            prompt=PROMPT,
            negative_prompt="low quality,less details",
            num_inference_steps=options.steps,
            guidance_scale=options.guidance,
            seed=698845,
            samples=batch,
            strength=options.strength,
            sampler=sampler,
            scheduler="sgm_uniform",
            width=size,
            height=size,
        )
        figures.append(measured(model, request, options))
    where = (
        torch.cuda.get_device_name(model.device)
        if model.device.type == "cuda"
        else f"{platform.machine()}, {torch.get_num_threads()} threads"
    )
    title = (
        f"{model.source}, {options.steps} steps, {where}, {model.dtype}, torch {torch.__version__}"
    )
    console.print(table_of(figures, title))
    if options.json:
        content = {"title": title, "figures": [asdict(each) for each in figures]}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
