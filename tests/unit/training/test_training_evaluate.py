"""Evaluation: unseen cases, shares and bars, another judge's square, and the sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from training.blazepose import square_around
from training.cases import unseen_cases
from training.evaluate import attribute_shares, bars_of, joint_shares
from training.generate import Asked, encode_again, order, pictures, reconstruct
from training.judges import CLASSES, HIDDEN
from training.sheet import COLUMNS, ENTRIES, GAP, lay_out, pose_of
from training.world.vocabulary import GARMENTS, PLACES
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import Person
from vivant.weights.load import load_pose_model
from vivant.weights.tiny import save_tiny_pose_model


def test_blazepose_square_holds_every_asked_joint() -> None:
    for name in ("standing", "jumping", "sitting"):
        person = load_preset(name).people[0]
        for dropped in ([], [8, 11], [1, 8, 11]):
            body = person.body.copy()
            body[dropped, 2] = 0
            kept = Person(body)
            square = square_around(kept)
            away = np.abs(kept.body[kept.present, :2] - [square.x, square.y])
            assert (away < square.side / 2).all()


def test_blazepose_square_needs_a_figure() -> None:
    with pytest.raises(ValueError, match="cropped"):
        square_around(Person(np.zeros((18, 3), np.float32)))


def test_unseen_cases_are_single_figures_and_repeatable() -> None:
    cases = unseen_cases(4, 64)
    again = unseen_cases(4, 64)
    assert len({case.seed for case in cases}) == 4
    for case, other in zip(cases, again, strict=True):
        assert len(case.pose.people) == 1
        assert case.render.size == (64, 64)
        assert case.caption == other.caption
        assert case.render.tobytes() == other.render.tobytes()
        assert PLACES[CLASSES["place"][case.labels[list(CLASSES).index("place")]]][0] in (
            case.caption
        )
        garment = case.labels[list(CLASSES).index("garment")]
        if garment != HIDDEN:
            assert GARMENTS[CLASSES["garment"][garment]][0] in case.caption


def test_shares_tell_whole_figures_from_cut_ones() -> None:
    asked = torch.rand(2, 18, 3) * 100
    asked[..., 2] = 1
    asked[1, [10, 13], 2] = 0
    found = asked[..., :2].clone()
    found[1] += 1000
    shares = joint_shares(found, asked)
    assert shares["whole"] == 1
    assert shares["cut"] == 0
    assert shares["all"] == pytest.approx(18 / 34)
    assert joint_shares(found[:1], asked[:1])["cut"] is None


def test_attribute_shares_leave_out_what_was_not_said() -> None:
    labels = torch.full((4, len(CLASSES)), HIDDEN)
    labels[:3, 0] = torch.tensor([0, 1, 2])
    found = torch.zeros_like(labels)
    found[:3, 0] = torch.tensor([2, 1, 2])
    shares = attribute_shares(found, labels)
    assert list(shares) == ["who"]
    assert shares["who"]["share"] == pytest.approx(2 / 3)
    assert shares["who"]["shuffled"] == pytest.approx(1 / 3)
    assert shares["who"]["count"] == 3


def results(low: float, middle: float, high: float) -> dict[str, Any]:
    def at(share: float) -> dict[str, Any]:
        joints = {"all": share, "whole": share, "cut": share, "shuffled": 0.1}
        said = {"place": {"share": 0.94, "shuffled": 0.1, "count": 9}}
        return {"joints": joints, "attributes": said}

    strengths = {"0.0": at(low), "0.4": at(middle), "0.8": at(high)}
    return {"strengths": strengths, "renders": at(0.97), "brief": {"who": 1.0}}


def test_bars_are_met_or_not() -> None:
    def met(*shares: float) -> dict[str, bool | None]:
        rows = bars_of(results(*shares), [0.0, 0.4, 0.8], 0.8)
        return {row["name"]: row["met"] for row in rows}

    good = met(0.12, 0.5, 0.9)
    assert good["joints"]
    assert good["joints at strength 0"]
    assert good["joints rise with strength"]
    assert good["place"] is False
    bad = met(0.6, 0.5, 0.8)
    assert bad["joints"] is False
    assert bad["joints at strength 0"] is False
    assert bad["joints rise with strength"] is False


def test_pictures_of_the_pipeline_are_judged_in_their_order(tmp_path: Path) -> None:
    model = load_pose_model(str(save_tiny_pose_model(tmp_path)))
    cases = unseen_cases(3, 64)
    asked = [Asked(c.caption, c.seed, 64, 64, num_inference_steps=1) for c in cases]
    orders = [order(a, c.pose) for a, c in zip(asked, cases, strict=True)]
    together = dict(pictures(model, orders, together=2))
    assert sorted(together) == [0, 1, 2]
    alone = dict(pictures(model, orders[2:]))[0]
    difference = np.asarray(together[2], int) - np.asarray(alone, int)
    assert np.abs(difference).max() <= 2

    latents = encode_again(model, [together[i] for i in range(3)])
    assert latents.shape == (3, 16, 8, 8)
    assert torch.allclose(latents[2:], encode_again(model, [together[2]]), atol=1e-4)
    assert [image.size for image in reconstruct(model, latents)] == [(64, 64)] * 3


def test_sheet_has_a_pose_for_each_of_its_24_prompts() -> None:
    assert len(ENTRIES) == 24
    for i, (_, figures) in enumerate(ENTRIES):
        pose = pose_of(figures, 256, i)
        assert len(pose.people) == len(figures)
        assert all(person.present.sum() >= 6 for person in pose.people)


def test_sheet_lays_pictures_row_by_row_with_insets() -> None:
    images = [Image.new("RGB", (40, 40), (0, 10 * i, 0)) for i in range(COLUMNS + 1)]
    insets = [Image.new("RGB", (40, 40), (255, 0, 0))] * len(images)
    sheet = lay_out(images, insets)
    assert sheet.size == (COLUMNS * (40 + GAP) + GAP, 2 * (40 + GAP) + GAP)
    assert sheet.getpixel((GAP + 1, GAP + 1)) == (0, 0, 0)
    assert sheet.getpixel((GAP + 1, 2 * GAP + 41)) == (0, 10 * COLUMNS, 0)
    assert sheet.getpixel((GAP + 39, GAP + 39)) == (255, 0, 0)
