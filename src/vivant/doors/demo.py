"""`make demo`: the product page's own request, and four more, into a folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from vivant.base.errors import VivantError
from vivant.doors.api import PosePipeline

BRIEF: Mapping[str, object] = MappingProxyType(
    {
        "prompt": "Anime style illustration of a girl wearing a suit. A moon in sky. "
        "In the background we see a big rain approaching.",
        "negative_prompt": "low quality,less details",
        "pose": "preset:standing",
        "num_inference_steps": 20,
        "guidance_scale": 7,
        "seed": 698845,
        "samples": 1,
        "strength": 0.8,
        "sampler": "dpmpp_2m",
        "scheduler": "sgm_uniform",
    }
)
"""The request on the product page, with a skeleton that ships."""

PAIRS = (
    ("preset:waving", "a woman with red hair in a yellow dress, at the sea, by day"),
    ("preset:running", "a man in a blue jacket running on the road in the forest"),
    ("preset:sitting", "an old man with a hat and glasses, at home"),
    ("preset:arms_raised", "a boy in a green shirt, in the mountains, at sunset"),
)
"""Four more poses, each with a prompt; everything else as in the brief's request."""


def make_demo(pipeline: PosePipeline, folder: Path) -> list[tuple[Path, float]]:
    """Make the demo's pictures; returns their paths and the seconds that each took."""
    requests = [dict(BRIEF)] + [{**BRIEF, "pose": pose, "prompt": text} for pose, text in PAIRS]
    made = []
    for number, settings in enumerate(requests, start=1):
        prompt, pose = str(settings.pop("prompt")), settings.pop("pose")
        started = time.perf_counter()
        picture = pipeline(prompt, pose, **settings)
        path = picture.save(folder / f"{number}-{str(pose).removeprefix('preset:')}.png")
        made.append((path, time.perf_counter() - started))
        sys.stdout.write(f"{path}  {made[-1][1]:5.2f} s  {prompt}\n")
        sys.stdout.flush()
    return made


def main(folder: str = "out", weights: str | None = None) -> None:
    """Load the model, make the pictures, and say how long it all took."""
    started = time.perf_counter()
    try:
        pipeline = PosePipeline(weights)
        loaded = time.perf_counter()
        sys.stdout.write(f"model loaded in {loaded - started:.1f} s\n")
        made = make_demo(pipeline, Path(folder))
    except VivantError as error:
        sys.exit(f"vivant: {error}")
    seconds = sum(taken for _, taken in made)
    sys.stdout.write(f"{len(made)} pictures in {seconds:.1f} s, in {folder}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
