from __future__ import annotations

import json
from pathlib import Path

import pytest

from vivant.base.errors import WeightsCorrupt
from vivant.weights.catalog import find_entry
from vivant.weights.traits import FreeU, StoryTraits, Traits, read_story_traits, read_traits


def write(folder: Path, name: str, content: object) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_published_folder_has_the_published_defaults(tmp_path: Path) -> None:
    assert read_traits(tmp_path) == Traits(
        1024, 64, 3.0, 256, 1.0, 0.0, guide_pose=0.0, whole_body=True
    )


def test_the_embedded_model_knows_bodies_only() -> None:
    folder = find_entry("embedded").packaged
    assert folder is not None
    assert not read_traits(folder).whole_body


def test_the_schedulers_shift_counts_and_the_traits_file_overrules_it(tmp_path: Path) -> None:
    write(tmp_path, "scheduler/scheduler_config.json", {"shift": 1.5, "other": 1})
    assert read_traits(tmp_path).shift == 1.5
    write(tmp_path, "vivant.json", {"shift": 1, "native_size": 256, "guidance_factor": 0.25})
    assert read_traits(tmp_path) == Traits(native_size=256, shift=1, guidance_factor=0.25)


@pytest.mark.parametrize(
    "content",
    [
        {"colour": 1},
        {"native_size": 0},
        {"native_size": 2.5},
        {"shift": "3"},
        {"shift": 0},
        {"guide_pose": "on"},
        [1],
    ],
)
def test_nonsense_is_refused(tmp_path: Path, content: object) -> None:
    write(tmp_path, "vivant.json", content)
    with pytest.raises(WeightsCorrupt, match=r"vivant\.json"):
        read_traits(tmp_path)


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vivant.json").write_text("{", encoding="utf-8")
    with pytest.raises(WeightsCorrupt, match="not JSON"):
        read_traits(tmp_path)


def test_a_published_story_folder_has_the_published_defaults(tmp_path: Path) -> None:
    assert read_story_traits(tmp_path) == StoryTraits(
        1024, 32, 1.0, 0.0, guide_sharing=False, freeu=FreeU(0.6, 0.4, 1.1, 1.2)
    )


@pytest.mark.parametrize(
    ("stated", "freeu"),
    [(True, FreeU()), (False, None), ([0.9, 0.2, 1, 1.4], FreeU(s1=0.9, s2=0.2, b1=1, b2=1.4))],
)
def test_freeu_is_on_off_or_four_numbers(
    tmp_path: Path, stated: object, freeu: FreeU | None
) -> None:
    write(tmp_path, "vivant.json", {"freeu": stated, "guidance_rescale": 0.5, "vae_of": "embedded"})
    assert read_story_traits(tmp_path) == StoryTraits(
        guidance_rescale=0.5, freeu=freeu, vae_of="embedded"
    )


@pytest.mark.parametrize(
    "content",
    [
        {"freeu": [0.6, 0.4, 1.1]},
        {"freeu": "on"},
        {"freeu": [0.6, 0.4, 1.1, "1.2"]},
        {"freeu": [-0.6, 0.4, 1.1, 1.2]},
        {"guidance_rescale": 1.5},
        {"shift": 3.0},
        {"vae_of": 1},
        {"guide_sharing": 0.5},
    ],
)
def test_nonsense_about_stories_is_refused(tmp_path: Path, content: object) -> None:
    write(tmp_path, "vivant.json", content)
    with pytest.raises(WeightsCorrupt, match=r"vivant\.json"):
        read_story_traits(tmp_path)
