"""The story endpoint on a tiny random model: what each field means, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from vivant.base.contract import Picture, Progress
from vivant.base.errors import InvalidInput
from vivant.diffusion.consistent_attention import ORDINARY_CHANCES
from vivant.endpoints.storydiffusion import endpoint, pipeline
from vivant.endpoints.storydiffusion.request import COMIC_DESCRIPTION, Request
from vivant.endpoints.storydiffusion.sizing import drawn_size, effort
from vivant.weights.load import load_story_model
from vivant.weights.model import StoryModel
from vivant.weights.tiny_story import save_tiny_story_model
from vivant.weights.traits import StoryTraits

SCRIPT = "at home #He reads.\non the road\n[NC] a tiger in the forest\nrunning, at night"
LEAST = {
    "comic_description": SCRIPT,
    "character_description": "a man",
    "num_ids": 2,
    "image_width": 256,
    "image_height": 256,
    "num_steps": 20,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> StoryModel:
    folder = save_tiny_story_model(
        tmp_path_factory.mktemp("story"), flavour="embedded", native_size=64
    )
    return load_story_model(str(folder), device="cpu")


def asked(**fields: object) -> Request:
    return Request.from_fields(LEAST | fields)


def told(model: StoryModel, **fields: object) -> list[Picture]:
    events = endpoint.run(model, endpoint.check(asked(**fields)))
    return [event for event in events if isinstance(event, Picture)]


def pixels(pictures: list[Picture]) -> NDArray[np.float32]:
    panels = [picture.image for picture in pictures if picture.kind == "panel"]
    return np.stack([np.asarray(panel, np.float32) for panel in panels])


@pytest.fixture(scope="module")
def plain(model: StoryModel) -> list[Picture]:
    return told(model)


def test_panels_come_in_order_and_then_the_page(plain: list[Picture]) -> None:
    assert [(each.kind, each.index) for each in plain[:4]] == [("panel", i) for i in range(4)]
    assert {each.kind for each in plain[4:]} == {"page"}
    assert all(each.image.size == (256, 256) for each in plain[:4])
    assert [each.settings["caption"] for each in plain[:2]] == ["He reads.", "on the road"]


def test_a_small_model_draws_small_and_says_so(plain: list[Picture]) -> None:
    assert plain[0].settings["width"] == 64
    assert any("64 x 64" in warning for warning in plain[0].warnings)


def test_progress_counts_every_panel_s_steps(model: StoryModel) -> None:
    steps = [
        event
        for event in endpoint.run(model, endpoint.check(asked()))
        if isinstance(event, Progress)
    ]
    assert steps[-1].step == steps[-1].total == 4 * 20
    assert [event.step for event in steps] == sorted(event.step for event in steps)
    taken = [panel for event in steps for panel in event.panels]
    assert [taken.count(panel) for panel in range(4)] == [20] * 4


def test_the_same_request_twice_is_the_same_to_the_bit(
    model: StoryModel, plain: list[Picture]
) -> None:
    again = told(model)
    assert [each.image.tobytes() for each in again] == [each.image.tobytes() for each in plain]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 7},
        {"num_ids": 3},
        {"num_steps": 30},
        {"guidance_scale": 2},
        {"negative_prompt": "a woman in a red dress"},
        {"sa32_setting": 0},
        {"sa64_setting": 0},
        {"character_description": "a woman"},
        {"style_name": "Line art"},
        {"image_width": 512},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_has_an_effect_on_followers(
    model: StoryModel, plain: list[Picture], change: dict[str, object]
) -> None:
    other = pixels(told(model, **change))
    mine = pixels(plain)
    assert other.shape != mine.shape or np.abs(other[3] - mine[3]).max() > 0


def test_character_words_stay_out_of_panels_without_one(plain: list[Picture]) -> None:
    prompts = [str(each.settings["prompt"]) for each in plain[:4]]
    assert ["a man" in prompt for prompt in prompts] == [True, True, False, True]


@pytest.mark.parametrize("at_once", [1, 2])
def test_chunks_give_the_same_panels(model: StoryModel, at_once: int) -> None:
    request = asked()
    board = endpoint.storyboard(request, endpoint.check(request).prepared, (64, 64))
    events = pipeline.generate(model, board, at_once=at_once)
    chunked = [each.image for each in events if isinstance(each, Picture)]
    together = [each.image for each in pipeline.generate(model, board) if isinstance(each, Picture)]
    for one, other in zip(chunked, together, strict=True):
        assert np.abs(np.asarray(one, int) - np.asarray(other, int)).max() <= 2


def test_more_panels_go_together_where_they_are_small(model: StoryModel) -> None:
    request = asked(comic_description=COMIC_DESCRIPTION)
    prepared = endpoint.check(request).prepared

    def largest(side: int) -> int:
        board = replace(endpoint.storyboard(request, prepared, (side, side)), num_steps=1)
        events = pipeline.generate(model, board)
        return max(len(each.panels) for each in events if isinstance(each, Progress))

    board = endpoint.storyboard(request, prepared, (64, 64))
    assert len(board.followers) > pipeline.AT_ONCE
    assert largest(256) == len(board.identities) + len(board.followers) == pipeline.SMALL_AT_ONCE
    assert largest(288) == pipeline.AT_ONCE


def test_a_model_may_want_every_call_shared(model: StoryModel) -> None:
    request = asked()
    board = endpoint.storyboard(request, endpoint.check(request).prepared, (64, 64))
    published = pipeline.attention_of(StoryTraits(), board)
    assert published.ordinary_chances == ORDINARY_CHANCES
    always = pipeline.attention_of(StoryTraits(share_always=True), board)
    assert always.ordinary_chances == ()
    assert always.alone_steps == published.alone_steps
    eager = replace(model, traits=replace(model.traits, share_always=True))
    some, all_shared = (
        [event.image for event in pipeline.generate(each, board) if isinstance(event, Picture)]
        for each in (model, eager)
    )
    assert len(some) == len(all_shared) == 4
    assert some[3].tobytes() != all_shared[3].tobytes()


@pytest.mark.parametrize("number", [1, 4])
def test_another_take_of_one_panel(model: StoryModel, plain: list[Picture], number: int) -> None:
    [take] = told(model, redo=number, redo_seed=99)
    assert (take.kind, take.index, take.seed) == ("panel", number - 1, 99)
    assert take.image.tobytes() != plain[number - 1].image.tobytes()
    assert take.settings["caption"] == plain[number - 1].settings["caption"]


def test_a_follower_s_take_with_its_own_seed_is_the_panel(
    model: StoryModel, plain: list[Picture]
) -> None:
    [take] = told(model, redo=4, redo_seed=plain[3].seed)
    difference = np.asarray(take.image, int) - np.asarray(plain[3].image, int)
    assert np.abs(difference).max() <= 2


def test_a_take_costs_the_identity_panels_and_itself() -> None:
    assert endpoint.check(asked(redo=4)).effort == effort(asked(), 3)
    assert endpoint.check(asked()).effort == effort(asked(), 4)


def test_a_take_without_a_seed_has_one_that_no_panel_had() -> None:
    again = asked(seed=7, redo=2).again
    assert again is not None
    assert again.seed not in range(7, 7 + 24)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("num_ids", 5, "4"),
        ("num_ids", 0, "1 to 24"),
        ("comic_description", "\n".join(["at home"] * 25), "24"),
        ("comic_description", "[NC]", "line 1"),
        ("comic_description", " \n", "a panel"),
        ("image_width", 260, "steps of 32"),
        ("image_height", 2048, "1024"),
        ("style_name", "Vaporwave", "Disney Charactor"),
        ("comic_style", "Manga", "Four Pannel"),
        ("num_steps", 51, "20 to 50"),
        ("sa32_setting", 1.5, "0 to 1"),
        ("guidance_scale", 0, "0.1 to 10"),
        ("sd_model", "SDXL", "RealVision"),
        ("output_format", "gif", "webp"),
    ],
)
def test_a_refusal_names_the_field_and_what_is_allowed(
    model: StoryModel, field: str, value: object, words: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^{field}: ") as refused:
        told(model, **{field: value})
    assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(("number", "words"), [(0, "1 to 24"), (5, "1 to 4")])
def test_only_the_script_s_panels_can_be_made_again(
    model: StoryModel, number: int, words: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^redo: .*{words}$"):
        told(model, redo=number, redo_seed=1)


def test_the_brief_s_request_is_the_default() -> None:
    request = Request.from_fields({})
    assert (request.seed, request.num_ids, request.num_steps) == (42, 3, 25)
    assert (request.image_width, request.image_height) == (768, 768)
    assert request.sd_model == "Unstable"
    panels = endpoint.read_script(request)
    assert len(panels) == 8
    assert [panel.has_character for panel in panels].count(False) == 3
    assert panels[0].caption.startswith("at home, The newspaper says")
    assert effort(request, len(panels)) == 1


def test_fields_come_as_strings_and_blank_ones_take_their_defaults() -> None:
    fields = {"num_ids": "3", "sa32_setting": "0.5", "style_name": " ", "image_width": ""}
    assert Request.from_fields(fields) == Request.from_fields({})
    assert Request.from_fields({"comic_description": COMIC_DESCRIPTION.replace("\n", "\r\n")}) == (
        Request.from_fields({})
    )


@pytest.mark.parametrize(
    ("asked_for", "native", "drawn"),
    [
        ((768, 768), 1024, (768, 768)),
        ((1024, 1024), 1024, (1024, 1024)),
        ((768, 768), 256, (256, 256)),
        ((1024, 512), 256, (352, 192)),
        ((256, 256), 256, (256, 256)),
    ],
)
def test_panels_are_drawn_no_larger_than_the_model_was_trained(
    asked_for: tuple[int, int], native: int, drawn: tuple[int, int]
) -> None:
    request = asked(image_width=asked_for[0], image_height=asked_for[1])
    assert drawn_size(request, native, 32) == drawn
