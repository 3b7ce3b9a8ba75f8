"""Judges: their labels, how they read cells, and their training."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training.cases import caption_of
from training.judges import (
    CELLS,
    CLASSES,
    HIDDEN,
    AttributeJudge,
    JointJudge,
    Judges,
    Size,
    figure_cells,
    heat_places,
    labels_of,
    load_judges,
    save_judges,
    splat,
)
from training.train_judges import (
    Examples,
    loss_of_places,
    near,
    perturb,
    read_examples,
    train,
)
from training.world.vocabulary import PLACES

TINY = Size(channels=4, fine=8, width=32, layers=1)


def record(**changes: Any) -> dict[str, Any]:
    person = {
        "who": "girl",
        "skin": "dark",
        "hair": "black",
        "hair_style": "long",
        "garment": "shirt",
        "garment_colour": "red",
        "bottom": "skirt",
        "bottom_colour": "blue",
        "hat": None,
        "glasses": False,
        "expression": "calm",
    }
    joints = [[10.0 + 3 * i, 20.0 + 9 * i, 1.0] for i in range(18)]
    scene = {"place": "forest", "time": "night", "rain": True, "yaws": [0], "joints": [joints]}
    scene |= {k: v for k, v in changes.items() if k in scene}
    person |= {k: v for k, v in changes.items() if k in person}
    return scene | {"people": [person]}


def without(*hidden: int) -> list[list[list[float]]]:
    joints = record()["joints"][0]
    return [[[0.0, 0.0, 0.0] if i in hidden else row for i, row in enumerate(joints)]]


def test_labels_name_what_the_record_says() -> None:
    labels = labels_of(record())
    said = {name: CLASSES[name][i] for name, i in labels.items()}
    assert said["who"] == "girl"
    assert said["bottom_colour"] == "blue"
    assert said["hat"] == "no"
    assert said["rain"] == "yes"


@pytest.mark.parametrize(
    ("changes", "hidden"),
    [
        ({"yaws": [170]}, {"garment"}),
        ({"yaws": [-75]}, {"garment"}),
        ({"yaws": [70]}, set()),
        ({"joints": without(0)}, {"who", "glasses", "expression"}),
        ({"joints": without(9, 12)}, {"bottom", "bottom_colour"}),
        ({"joints": without(9)}, set()),
        ({"garment": "coat"}, {"bottom", "bottom_colour"}),
        ({"garment": "coat", "bottom": "trousers"}, set()),
        (
            {"garment": "coat", "bottom": "trousers", "joints": without(10, 13)},
            {"bottom", "bottom_colour"},
        ),
        ({"hat": "red", "hair_style": "short"}, {"hair"}),
        ({"place": "home"}, {"rain"}),
    ],
)
def test_labels_leave_out_what_cannot_be_seen(changes: dict[str, Any], hidden: set[str]) -> None:
    labels = labels_of(record(**changes))
    assert {name for name, i in labels.items() if i == HIDDEN} == hidden


def test_a_dress_has_no_bottom_and_two_people_no_labels() -> None:
    labels = labels_of(record(garment="dress", bottom=None))
    assert CLASSES["bottom"][labels["bottom"]] == "none"
    assert CLASSES["bottom_colour"][labels["bottom_colour"]] == "none"
    two = record()
    two["people"] *= 2
    assert {n for n, i in labels_of(two).items() if i != HIDDEN} == {"place", "time", "rain"}


def test_caption_says_the_labels_plainly() -> None:
    caption, said = caption_of(record(garment="suit", skin="tan"))
    assert caption == (
        "a girl with black hair wearing a red suit, at night, in the forest, in the rain"
    )
    assert said == {"who", "hair", "garment", "garment_colour", "place", "time", "rain"}


def test_caption_names_the_rest_where_it_is_there() -> None:
    changes = {"who": "old man", "hat": "orange", "glasses": True, "expression": "sad"}
    caption, said = caption_of(record(rain=False, time="day", **changes))
    assert caption == (
        "an old man with dark skin and black hair wearing a red shirt and a blue skirt, "
        "wearing an orange hat, with glasses, sad, by day, in the forest"
    )
    assert "rain" not in said
    assert {"hat", "glasses", "skin", "expression", "bottom_colour"} <= said


def test_splat_and_heat_places_are_inverse() -> None:
    places = torch.tensor([[2.3, 4.8], [0.5, 0.5], [6.0, 7.5]])
    weights = splat(places, 8, 8)
    assert weights.sum((1, 2)) == pytest.approx([1.0, 1.0, 1.0])
    assert torch.allclose(heat_places((weights + 1e-9).log()), places, atol=1e-3)


def test_heat_places_ignore_a_second_lower_peak() -> None:
    weights = 0.7 * splat(torch.tensor([2.5, 2.5]), 8, 8)
    weights = weights + 0.3 * splat(torch.tensor([7.5, 7.5]), 8, 8)
    assert torch.allclose(heat_places((weights + 1e-9).log()), torch.tensor([2.5, 2.5]), atol=1e-3)


def test_near_counts_by_the_box_of_the_joints_that_were_asked() -> None:
    asked = torch.zeros(1, 18, 3)
    asked[0, :3] = torch.tensor([[0.0, 0.0, 1.0], [100.0, 0.0, 1.0], [0.0, 50.0, 1.0]])
    found = asked[..., :2].clone()
    found[0, 1, 0] += 10.5
    found[0, 2, 1] += 9.5
    right = near(found, asked)
    assert right[0, :3].tolist() == [1.0, 0.0, 1.0]
    assert right[0, 3:].isnan().all()


def test_perturbed_latents_stay_close() -> None:
    torch.manual_seed(0)
    latents = torch.randn(64, 4, 8, 8)
    changed = perturb(latents)
    error = (changed - latents).std()
    assert 0.1 < error < 0.5


def bright_cells(count: int) -> Examples:
    """Latents whose one bright cell is joint 3, its colour channel the garment's colour."""
    rng = np.random.default_rng(0)
    latents = torch.zeros(count, 4, 8, 8)
    joints = torch.zeros(count, 18, 3)
    labels = torch.full((count, len(CLASSES)), HIDDEN)
    for i in range(count):
        x, y, colour = rng.integers(0, [8, 8, 4]).tolist()
        latents[i, colour, y, x] = 4.0
        joints[i, 3] = torch.tensor([x * 16 + 8.0, y * 16 + 8.0, 1.0])
        labels[i, list(CLASSES).index("garment_colour")] = colour
    return Examples(latents, joints, labels)


def test_judges_learn_and_are_the_same_after_saving(tmp_path: Path) -> None:
    torch.manual_seed(0)
    examples = bright_cells(64)
    places, attributes = JointJudge(TINY), AttributeJudge(TINY)
    loss_before = places.loss(examples.latents, examples.joints).item()
    adam = torch.optim.Adam([*places.parameters(), *attributes.parameters()], 1e-2)
    for _ in range(50):
        adam.zero_grad()
        loss = places.loss(examples.latents, examples.joints)
        (loss + attributes.loss(examples.latents, examples.labels)).backward()
        adam.step()
    assert loss.item() < 0.5 * loss_before
    colour = list(CLASSES).index("garment_colour")
    found = attributes.classes(examples.latents)[:, colour]
    assert (found == examples.labels[:, colour]).float().mean() > 0.8

    save_judges(tmp_path, Judges(places.eval(), attributes.eval(), {"renders": 3}))
    loaded = load_judges(tmp_path)
    assert loaded.measures == {"renders": 3}
    assert torch.equal(loaded.joints.joints(examples.latents), places.joints(examples.latents))
    again = loaded.attributes.classes(examples.latents)
    assert torch.equal(again, attributes.classes(examples.latents))


def test_judges_of_another_size_of_grid() -> None:
    found = JointJudge(TINY, pixels_per_latent=8).joints(torch.randn(2, 4, 12, 16))
    assert found.shape == (2, 18, 2)
    assert (found >= 0).all()
    assert (found <= torch.tensor([128.0, 96.0])).all()


def test_training_runs_for_its_minutes_and_lowers_the_loss(
    capsys: pytest.CaptureFixture[str],
) -> None:
    torch.manual_seed(0)
    examples = bright_cells(64)
    judge = JointJudge(TINY)
    before = judge.loss(examples.latents, examples.joints).item()
    cpu = torch.device("cpu")
    train(judge, partial(loss_of_places, judge, examples, cpu), len(examples),
          minutes=1 / 60, batch=16, lr=3e-3, device=cpu)  # fmt: skip
    assert judge.loss(examples.latents, examples.joints).item() < before
    assert "done" in capsys.readouterr().out


def test_examples_follow_the_indices_of_the_parts(tmp_path: Path) -> None:
    records = [record(place=place) for place in PLACES]
    records[2]["joints"] *= 2
    records[2]["people"] *= 2
    lines = "".join(json.dumps(r) + "\n" for r in records)
    (tmp_path / "samples.jsonl").write_text(lines)
    for first in (4, 0):
        indices = np.arange(first, first + 4)
        latents = np.full((4, 4, 8, 8), first, np.float16)
        np.savez(tmp_path / f"part-{first:06d}.npz", latents=latents, indices=indices)
    examples = read_examples(tmp_path, tmp_path)
    place = list(CLASSES).index("place")
    assert examples.labels[:, place].tolist() == list(range(8))
    assert examples.latents[:, 0, 0, 0].tolist() == [0, 0, 0, 0, 4, 4, 4, 4]
    assert (examples.joints[..., 2] > 0).any(1).tolist() == [i != 2 for i in range(8)]
    more = examples + examples[2:3]
    assert more.latents[-1, 0, 0, 0] == 0
    assert more.labels[:, place].tolist() == [*range(8), 2]
    assert not more.joints[-1].any()


def test_examples_need_a_part(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"training\.encode"):
        read_examples(tmp_path, tmp_path)


def test_cells_of_a_figure_lie_in_or_beside_its_box() -> None:
    joints = torch.zeros(2, 18, 3)
    joints[0, 0] = torch.tensor([100.0, 40.0, 1.0])
    joints[0, 1] = torch.tensor([120.0, 150.0, 0.5])
    joints[0, 2] = torch.tensor([250.0, 250.0, 0.0])  # absent
    cells = figure_cells(joints, 32, 8, 8)
    rows, columns = cells[0].nonzero(as_tuple=True)
    assert (rows.min(), rows.max()) == (0, 5)
    assert (columns.min(), columns.max()) == (2, 4)
    assert int(cells[0].sum()) == 6 * 3
    assert not cells[1].any()


def test_cells_of_figures_learn_to_name_what_query_tokens_name() -> None:
    torch.manual_seed(0)
    judge = AttributeJudge(TINY)
    latents, labels = torch.randn(3, 4, 16, 16), torch.zeros(3, len(CLASSES), dtype=torch.long)
    figures = torch.zeros(3, 8, 8, dtype=torch.bool)
    alone = judge.loss(latents, labels)
    assert torch.equal(judge.loss(latents, labels, figures), alone)
    figures[1, 2:4, 5] = True
    both = judge.loss(latents, labels, figures)
    told = judge.trunk(latents)[1][1, :, 2:4, 5].T[:, None].expand(-1, len(CLASSES), -1)
    cells = sum(
        torch.nn.functional.cross_entropy(head(told[:, i]), torch.zeros(2, dtype=torch.long))
        for i, head in enumerate(judge.heads.values())
    )
    assert torch.allclose(both, alone + CELLS * cells / len(CLASSES), atol=1e-5)
