"""A sheet of 24 pictures at the endpoint's default settings, to look at.

    python -m training.sheet --model FOLDER --out sheet.png

Prompts are written by hand; poses are the package's presets and the world's named actions.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import Progress

from training.generate import BRIEF_PROMPT, Asked, order, pictures
from training.world.person import sample_person
from training.world.render import place_actor
from vivant.pose.draw import draw
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import Person, Pose, fit
from vivant.weights.load import load_pose_model

COLUMNS = 6
GAP = 6
FIRST_SEED = 698845


@dataclass(frozen=True)
class Figure:
    """Who stands how and where; proportions follow `who`.

    Attributes:
        who: a key of the world's `WHO`.
        action: a key of the world's `ACTIONS`, or "preset:NAME", which leaves out view and x.
        view: full, half or close.
        x: of the figure's middle, as a share of the width.
        variant: another number draws another posture of the action.
    """

    who: str
    action: str
    view: str = "full"
    x: float = 0.5
    variant: int = 0


ENTRIES: tuple[tuple[str, tuple[Figure, ...]], ...] = (
    (BRIEF_PROMPT, (Figure("girl", "preset:standing"),)),
    ("a man in a black suit, at home, reading a newspaper", (Figure("man", "reading"),)),
    ("a woman in a red dress, on the beach, at sunset", (Figure("woman", "preset:arms_raised"),)),
    (
        "a boy in yellow t-shirt and blue shorts, running, in the park",
        (Figure("boy", "running"),),
    ),
    (
        "portrait of a woman with long red hair, smiling, in the forest",
        (Figure("woman", "standing", "close"),),
    ),
    ("an old man with a brown hat and a green coat, in the snow", (Figure("old man", "walking"),)),
    (
        "a girl with a ponytail, pink sweater, jumping, in the mountains",
        (Figure("girl", "preset:jumping"),),
    ),
    (
        "a man in a suit, very frightened, open mouth, in the forest, at night",
        (Figure("man", "frightened", "half"),),
    ),
    ("a man laughing in the house filled with treasure, at night", (Figure("man", "arms raised"),)),
    (
        "a woman with dark skin, white shirt and black trousers, in the city",
        (Figure("woman", "preset:hands_on_hips"),),
    ),
    ("an old woman, purple sweater, glasses, in a living room", (Figure("old woman", "sitting"),)),
    ("a boy in a red jacket, in the rain, in the city at night", (Figure("boy", "preset:waving"),)),
    ("a boy and a tiger, in the forest", (Figure("boy", "standing", x=0.35),)),
    (
        "a man in a grey suit pointing, next to a red car, on the road",
        (Figure("man", "pointing", x=0.35),),
    ),
    ("a sad woman with black hair, blue coat, heavy rain", (Figure("woman", "standing", "half"),)),
    (
        "an angry man with dark skin, orange t-shirt, plain background",
        (Figure("man", "arms crossed", "half"),),
    ),
    (
        "a woman in a green jacket and a white skirt, sitting, in the park",
        (Figure("woman", "preset:sitting"),),
    ),
    ("a girl in a blue dress dancing under the moon", (Figure("girl", "dancing", variant=1),)),
    (
        "a woman in a black suit walking on the road, near the forest",
        (Figure("woman", "preset:walking"),),
    ),
    (
        "a man in a blue suit on the left and a woman in a red dress on the right, at the seaside",
        (Figure("man", "waving", x=0.29), Figure("woman", "standing", x=0.71)),
    ),
    (
        "a girl with blond hair and a red hat, laughing, on a sunny day",
        (Figure("girl", "waving", "half"),),
    ),
    (
        "an old man with glasses reading a book, at home, at night",
        (Figure("old man", "reading", "half"),),
    ),
    (
        "a man with curly hair, white t-shirt, running very fast, at sunset",
        (Figure("man", "preset:running"),),
    ),
    ("a thinking woman in a yellow sweater, in the mountains", (Figure("woman", "thinking"),)),
)
"""Prompt and figures of each picture, row by row."""


def pose_of(figures: Sequence[Figure], size: int, seed: int) -> Pose:
    """The skeletons on a canvas of that size; the seed settles what the actions leave open."""
    people: list[Person] = []
    for i, figure in enumerate(figures):
        if figure.action.startswith("preset:"):
            preset = load_preset(figure.action.removeprefix("preset:"))
            people += fit(preset, size, size).people
            continue
        rng = np.random.default_rng((seed, i, figure.variant))
        character = replace(sample_person(rng), who=figure.who)
        placed = place_actor(rng, character, figure.action, figure.view, figure.x, 256.0, 256.0)
        people.append(Person(placed.body_18(256.0, 256.0)).moved(size / 256, 0.0, 0.0))
    return Pose(tuple(people), size, size)


def lay_out(
    images: Sequence[Image.Image], insets: Sequence[Image.Image] | None = None
) -> Image.Image:
    """The sheet: `COLUMNS` pictures a row on white, each with its inset at the lower right."""
    width, height = images[0].size
    rows = -(-len(images) // COLUMNS)
    across, down = width + GAP, height + GAP
    sheet = Image.new("RGB", (COLUMNS * across + GAP, rows * down + GAP), "white")
    for i, image in enumerate(images):
        x, y = GAP + i % COLUMNS * across, GAP + i // COLUMNS * down
        sheet.paste(image, (x, y))
        if insets is not None:
            small = insets[i].resize((width // 4, height // 4), Image.Resampling.LANCZOS)
            sheet.paste(small, (x + width - small.width, y + height - small.height))
    return sheet


def main() -> None:
    """Generate all entries and save the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a folder in the published layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=7.0)
    parser.add_argument("--strength", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="picture i takes seed + i")
    parser.add_argument("--together", type=int, default=8, help="pictures of one batch")
    parser.add_argument("--insets", action="store_true", help="show each skeleton in a corner")
    args = parser.parse_args()
    model = load_pose_model(args.model)
    size = model.traits.native_size
    orders, maps = [], []
    for i, (prompt, figures) in enumerate(ENTRIES):
        seed = args.seed + i
        pose = pose_of(figures, size, seed)
        maps.append(draw(pose, line_width=size / 24))
        settings = (args.strength, args.guidance, args.steps)
        orders.append(order(Asked(prompt, seed, size, size, *settings), pose))
    images = list(maps)
    with Progress() as progress:
        task = progress.add_task("pictures", total=len(orders))
        for place, image in pictures(model, orders, args.together):
            images[place] = image
            progress.advance(task)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    lay_out(images, maps if args.insets else None).save(args.out)
    for i, (prompt, _) in enumerate(ENTRIES):
        print(f"row {i // COLUMNS + 1}, column {i % COLUMNS + 1}: {prompt}")


if __name__ == "__main__":
    main()
