from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from training.evaluate_story import (
    NAMES,
    agreement,
    bars_of,
    labels_of_cases,
    right_shares,
    story_agreement,
)
from training.judges import HIDDEN, AttributeJudge, Size
from training.make_story_data import story_records
from training.story_cases import CHARACTER, IDENTITIES, full_description, unseen_stories
from training.story_generate import Telling, draw_story, load_with_vae
from training.story_judges import (
    LOOKS,
    STORY_CLASSES,
    StoryJudge,
    load_story_judge,
    save_story_judge,
    story_labels,
)
from training.world.story import sample_story
from training.world.vocabulary import PLACES
from vivant.base.errors import InvalidInput
from vivant.weights.tiny_story import save_tiny_story_model

TINY = Size(channels=4, fine=8, width=32, layers=1)


def records() -> list[dict[str, Any]]:
    return [r for seed in range(40) for r in story_records(sample_story(seed), seed, 1.0)]


def test_labels_tell_who_is_there_and_hide_what_furniture_covers() -> None:
    somebody = STORY_CLASSES["person"].index("yes")
    for record in records():
        labels = story_labels(record)
        assert list(labels) == NAMES
        assert (labels["person"] == somebody) == bool(record["people"])
        if not record["people"]:
            assert labels["bottom_shown"] == labels["hair"] == HIDDEN
        if record["covered"]:
            assert labels["bottom_colour"] == HIDDEN
            assert labels["bottom_shown"] == 0
        elif record["people"] and record["view"] == "full":
            assert (labels["bottom_shown"] == 1) == (labels["bottom_colour"] != HIDDEN)


def test_judge_is_the_same_after_saving(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = AttributeJudge(TINY, STORY_CLASSES).eval()
    save_story_judge(tmp_path, StoryJudge(net, {"renders": 2}))
    loaded = load_story_judge(tmp_path)
    latents = torch.randn(3, 4, 8, 8)
    assert torch.equal(loaded.net.classes(latents), net.classes(latents))
    assert loaded.measures == {"renders": 2}


def test_cases_are_unseen_repeatable_and_plain() -> None:
    cases, again = (unseen_stories(6, described=True) for _ in range(2))
    for case, other in zip(cases, again, strict=True):
        assert case.prompts == other.prompts
        assert 4 <= len(case.panels) <= 8
        for panel, prompt, labels in zip(case.panels, case.prompts, case.labels, strict=True):
            assert PLACES[panel.drawn.scene.place][0] in prompt
            assert STORY_CLASSES["place"][labels["place"]] == panel.drawn.scene.place
            if panel.person is None:
                assert labels["hair"] == HIDDEN
            else:
                assert prompt.startswith(full_description(panel.person))
                assert STORY_CLASSES["skin"][labels["skin"]] == panel.person.skin


def test_open_cases_only_say_who_it_is() -> None:
    for case in unseen_stories(6, described=False):
        for panel, prompt, labels in zip(case.panels, case.prompts, case.labels, strict=True):
            assert all(labels[name] == HIDDEN for name in CHARACTER if name != "who")
            if panel.person is not None:
                noun = prompt.split(",")[0].removeprefix("a ").removeprefix("an ")
                assert noun == panel.person.who


def panels(*looks: tuple[int, int, int, int], shown: int = 1) -> Tensor:
    rows = torch.zeros(len(looks), len(NAMES), dtype=torch.long)
    for row, values in zip(rows, looks, strict=True):
        for name, value in zip(LOOKS, values, strict=True):
            row[NAMES.index(name)] = value
        row[NAMES.index("bottom_shown")] = shown
    return rows


def test_agreement_counts_pairs_by_attribute() -> None:
    a, b = panels((1, 2, 3, 0), (1, 2, 4, 1))
    assert agreement([(a, b)]) == {
        "hair": 1.0,
        "garment_colour": 1.0,
        "bottom_colour": 0.0,
        "skin": 0.0,
        "all": 0.5,
    }
    assert agreement([]) == {}


def test_right_shares_leave_out_bottoms_that_do_not_show() -> None:
    asked = panels((1, 2, 3, 0), (1, 2, 3, 0))
    found = panels((1, 0, 4, 0), (1, 2, 4, 0), shown=0)
    shares = right_shares([found], [asked], LOOKS)
    assert shares["garment_colour"] == {"share": 0.5, "count": 2}
    assert "bottom_colour" not in shares
    assert right_shares([panels((1, 2, 4, 0))], [asked[:1]], LOOKS)["bottom_colour"]["share"] == 0


def test_story_agreement_tells_roles_and_strangers_apart() -> None:
    cases = unseen_stories(12, described=False)
    # Every story has a look of its own, but followers have another than identity panels.
    found = []
    for i, case in enumerate(cases):
        rows = [(i % 5, i % 10, 0, i % 4)] * IDENTITIES
        rows += [((i + 1) % 5, i % 10, 0, i % 4)] * (len(case.panels) - IDENTITIES)
        found.append(panels(*rows))
    measured = story_agreement(cases, found)
    assert measured["identity"]["all"] == 1.0
    assert measured["follower"]["all"] == 1.0
    assert measured["mixed"]["hair"] == 0.0
    assert measured["mixed"]["all"] == 0.75
    assert measured["chance"]["garment_colour"] < 0.5


def results(low: float, middle: float, high: float, between: float = 0.8) -> dict[str, Any]:
    def story(value: float) -> dict[str, Any]:
        kinds = {k: {"all": 0.85} for k in ("identity", "follower")} | {"mixed": {"all": between}}
        return {"agreement": {"all": value}, "chance": {"all": 0.25}, "pairs": 9} | kinds

    shares = {"0.0": low, "0.5": middle, "1.0": high}
    said = {name: {"share": 0.9, "count": 3} for name in ("hair", "place")}
    return {
        "described": said,
        "ceiling": said,
        "renders": story(0.97),
        "open": {share: story(value) for share, value in shares.items()},
        "scenes": dict.fromkeys(shares, said),
        "nobody": dict.fromkeys(shares, 0.96),
        "described nobody": 0.9,
    }


def met(measured: dict[str, Any]) -> dict[str, bool | None]:
    return {row["name"]: row["met"] for row in bars_of(measured, [0.0, 0.5, 1.0], 0.5)}


def test_bars_are_met_or_not() -> None:
    good = met(results(0.3, 0.8, 0.85))
    assert good["described: hair"] is True
    assert good["open: agree in all (control: off)"] is True
    assert good["open: rises with share"] is True
    assert good["open: followers with identity panels"] is True
    assert good["described: [NC] without a person"] is False
    bad = met(results(0.8, 0.7, 0.85, between=0.7))
    assert bad["open: agree in all (control: off)"] is False
    assert bad["open: rises with share"] is False
    assert bad["open: followers with identity panels"] is False


def test_labels_of_cases_are_one_row_a_panel() -> None:
    cases = unseen_stories(2, described=True)
    for labels, case in zip(labels_of_cases(cases), cases, strict=True):
        assert labels.shape == (len(case.panels), len(NAMES))


def test_stories_of_the_pipeline_come_in_the_prompts_order(tmp_path: Path) -> None:
    model = load_with_vae(str(save_tiny_story_model(tmp_path)), None)
    telling = Telling(steps=1, identities=2, guidance=1.0, style="(No style)")
    images = draw_story(model, ["a man", "a cat", "a dog", "a car"], 5, telling)
    size = (model.traits.native_size,) * 2
    assert [image.size for image in images] == [size] * 4
    assert len({Image.Image.tobytes(image) for image in images}) == 4
    first = draw_story(model, ["a man", "a cat", "a dog"], 5, telling)
    for image, again in zip(images, first, strict=False):
        difference = np.asarray(image, int) - np.asarray(again, int)
        assert np.abs(difference).max() <= 2
    with pytest.raises(InvalidInput, match="style"):
        draw_story(model, ["a man"], 5, Telling(style="none"))
