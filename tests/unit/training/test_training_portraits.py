from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from training.data import Rendered
from training.evaluate import Bench, load_bench
from training.judges import CLASSES, HIDDEN, AttributeJudge, JointJudge, Judges, Size, save_judges
from training.make_data import record
from training.portraits import (
    COLUMNS,
    REACH,
    SIDE,
    TOLD,
    PortraitJudge,
    PortraitSize,
    load_portrait_judge,
    portrait,
    portrait_square,
    save_portrait_judge,
)
from training.train_portraits import WIDE, Portraits, cut_out, measure, shown
from training.world.body import BUILDS
from training.world.render import paint, sample
from vivant.pose.presets import load_preset, preset_names
from vivant.pose.skeleton import Person

TINY = PortraitSize(channels=(8, 8, 16))
SMALL = Size(channels=4, fine=8, width=32, layers=1)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Twelve renders in `make_data`'s layout; some show two people, some nobody."""
    folder = tmp_path_factory.mktemp("renders")
    drawn = [sample(seed, empty=0.2) for seed in range(12)]
    np.save(folder / "pictures.npy", np.stack([paint(each) for each in drawn]))
    lines = [json.dumps(record(each, seed, 1.0)) for seed, each in enumerate(drawn)]
    (folder / "samples.jsonl").write_text("\n".join(lines))
    return Rendered(folder)


def whole_figures(count: int) -> list[tuple[NDArray[np.float32], float, tuple[float, float]]]:
    """Joints, stature in pixels and the head's middle of people who face us, seen whole."""
    found, seed = [], 0
    while len(found) < count:
        seed += 1
        drawn = sample(seed, empty=0.0)
        joints = drawn.joints()
        if len(joints) == 1 and (joints[0, :, 2] > 0).all():
            placed = drawn.actors[0].placed
            found.append((joints[0], placed.stature, placed.at("head")))
    return found


def test_a_portrait_holds_the_head_and_the_neck_at_their_own_scale() -> None:
    """Within a third: children's bones and perspective are not looked at."""
    for body, stature, head in whole_figures(30):
        x, y, half = portrait_square(body)
        assert half == pytest.approx(REACH * stature, rel=1 / 3)
        radius = BUILDS["man"].head / 2 * stature
        assert max(abs(head[0] - x), abs(head[1] - y)) + 0.7 * radius < half
        assert max(abs(body[1, 0] - x), abs(body[1, 1] - y)) < half


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_portrait_is_the_same_at_any_scale(factor: float) -> None:
    body = whole_figures(1)[0][0]
    larger = body * np.array([factor, factor, 1], np.float32)
    square = np.array(portrait_square(body)) * factor
    assert portrait_square(larger) == pytest.approx(square, rel=1e-4)


def test_presets_have_portraits_and_a_lone_face_or_leg_has_none() -> None:
    for name in preset_names():
        assert all(
            math.isfinite(value) for value in portrait_square(load_preset(name).people[0].body)
        )
    for kept in ([0, 14, 15], [9, 10]):
        body = np.zeros((18, 3), np.float32)
        body[kept] = [[40 + i, 50, 1] for i in kept]
        with pytest.raises(ValueError, match="no portrait"):
            portrait_square(body)


def test_what_lies_beyond_the_picture_is_black() -> None:
    body = whole_figures(1)[0][0].copy()
    body[:, :2] -= portrait_square(body)[:2]  # centred on the upper left corner
    cut = portrait(Image.new("RGB", (256, 256), "white"), body)
    assert cut.shape == (SIDE, SIDE, 3)
    assert cut[: SIDE // 2 - 2].max() == 0
    assert cut[SIDE // 2 + 2 :, SIDE // 2 + 2 :].min() == 255


def test_only_pictures_of_one_person_are_cut_out(rendered: Rendered) -> None:
    alone = [i for i, each in enumerate(rendered.records) if len(each["people"]) == 1]
    assert 0 < len(alone) < len(rendered)
    some = cut_out(rendered, range(len(rendered)))
    assert len(some) == len(alone)
    for i, labels in zip(alone, some.labels.tolist(), strict=True):
        said = labels[TOLD.index("garment_colour")]
        person = rendered.records[i]["people"][0]
        assert CLASSES["garment_colour"][said] == person["garment_colour"]
    first = rendered.records[alone[0]]
    body = np.array(first["joints"][0], np.float32)
    straight = portrait(Image.fromarray(rendered.pictures[alone[0]]), body)
    apart = np.abs(some.plain[0].astype(float) - straight).mean()
    assert apart < 12  # a pixel's shift at most: both were scaled on their own


def test_what_is_shown_in_training_is_a_part_of_the_portrait(rendered: Rendered) -> None:
    torch.manual_seed(0)
    wide = cut_out(rendered, range(len(rendered))).wide
    seen = shown(wide)
    assert seen.shape == (len(wide), 3, SIDE, SIDE)
    assert not torch.equal(shown(wide), seen)
    middle = wide.float().mean((1, 2)) / 127.5 - 1
    assert (seen.mean((2, 3)) - middle).abs().max() < 0.35


def test_a_portrait_judge_learns_and_is_the_same_after_saving(tmp_path: Path) -> None:
    torch.manual_seed(0)
    side = round(SIDE * WIDE)
    colours = torch.randint(4, (32,))
    wide = (
        (colours * 60).to(torch.uint8)[:, None, None, None].expand(-1, side, side, 3).contiguous()
    )
    labels = torch.full((32, len(TOLD)), HIDDEN)
    labels[:, TOLD.index("garment_colour")] = colours
    some = Portraits(wide, labels)
    judge = PortraitJudge(TINY)
    adam = torch.optim.Adam(judge.parameters(), 1e-2)
    for _ in range(25):
        adam.zero_grad()
        judge.loss(shown(some.wide), some.labels).backward()
        adam.step()
    judge.eval()
    measured = measure(judge, {"clean": some})
    assert set(measured["clean"]) == {"garment_colour", "renders"}
    assert measured["clean"]["garment_colour"] > 0.9

    save_portrait_judge(tmp_path, judge, measured)
    loaded, measures = load_portrait_judge(tmp_path)
    assert measures == measured
    assert torch.equal(loaded.classes(some.plain), judge.classes(some.plain))
    about = json.loads((tmp_path / "portraits.json").read_text())
    (tmp_path / "portraits.json").write_text(json.dumps(about | {"classes": "{}"}))
    with pytest.raises(ValueError, match="another vocabulary"):
        load_portrait_judge(tmp_path)


def test_a_bench_takes_from_pixels_what_they_tell_and_from_latents_the_rest(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_judges(tmp_path, Judges(JointJudge(SMALL), AttributeJudge(SMALL), {"renders": 3}))
    without = load_bench(tmp_path)
    assert without.portraits is None
    judge = PortraitJudge(TINY).eval()
    save_portrait_judge(tmp_path, judge, {"clean": {"who": 0.97}})
    bench = load_bench(tmp_path)
    assert isinstance(bench, Bench)
    assert bench.measures == {"renders": 3, "portraits": {"clean": {"who": 0.97}}}

    bodies = [body for body, *_ in whole_figures(3)]
    rng = np.random.default_rng(0)
    images = [Image.fromarray(rng.integers(0, 256, (256, 256, 3), np.uint8)) for _ in bodies]
    people = [Person(body) for body in bodies]
    latents = torch.randn(3, 4, 8, 8)
    found = bench.classes(latents, images, people)
    told = judge.told_of(images, bodies)
    plain = without.classes(latents, images, people)
    assert torch.equal(found[:, COLUMNS], told)
    others = [i for i in range(len(CLASSES)) if i not in COLUMNS]
    assert torch.equal(found[:, others], plain[:, others])
