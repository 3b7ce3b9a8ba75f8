from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.support.photomaker import save_photomaker, tiny_encoder, tiny_lora
from vivant.base.contract import Picture
from vivant.base.errors import InvalidInput, NobodyFound, UnreadablePicture
from vivant.diffusion.reference import find_trigger, for_pictures, see, without_trigger
from vivant.diffusion.windows import WindowedTextEncoders
from vivant.endpoints.storydiffusion import endpoint
from vivant.endpoints.storydiffusion.pipeline import cast_of
from vivant.endpoints.storydiffusion.reference import LATEST_STEP, merged_from, read_references
from vivant.endpoints.storydiffusion.request import Request
from vivant.endpoints.storydiffusion.squares import PARTS
from vivant.pose.skeleton import Person
from vivant.weights.identity_encoder import IdentityEncoder
from vivant.weights.load import load_story_model
from vivant.weights.model import StoryModel
from vivant.weights.tiny_story import save_tiny_story_model

STORY = "at home, reading\n[NC] a house\nrunning"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = save_tiny_story_model(tmp_path_factory.mktemp("reference") / "story")
    unet = load_story_model(str(folder), device="cpu").unet
    width = int(unet.config.cross_attention_dim)
    encoder = tiny_encoder(width // 2, width - width // 2)
    return folder, save_photomaker(folder.parent / "photomaker-v1.bin", encoder, tiny_lora(unet))


@pytest.fixture(scope="module")
def model(files: tuple[Path, Path]) -> StoryModel:
    folder, photomaker = files
    return load_story_model(str(folder), device="cpu", identity=str(photomaker))


def portrait(colour: str = "red", size: tuple[int, int] = (96, 128)) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    picture.paste(colour, (24, 24, size[0] - 24, size[1] - 24))
    return picture


def asked(**fields: object) -> Request:
    base = {"comic_description": STORY, "num_ids": 1, "image_width": 256, "image_height": 256}
    return Request.from_fields(
        {**base, "character_description": "a man img", "num_steps": 20, **fields}
    )


def panels(model: StoryModel, **fields: object) -> list[np.ndarray]:
    events = endpoint.run(model, endpoint.check(asked(**fields)))
    drawn = [e for e in events if isinstance(e, Picture) and e.kind == "panel"]
    return [np.asarray(picture.image).astype(int) for picture in drawn]


def test_the_trigger_word_is_taken_out_and_the_class_word_repeated() -> None:
    text = "a tall man img, wearing a suit, img again"
    assert without_trigger(text) == "a tall man, wearing a suit, img again"
    assert for_pictures(text, 3) == "a tall man man man, wearing a suit, img again"
    assert without_trigger("an image of a house") == "an image of a house"
    assert find_trigger("img of a man") is None


def test_a_reference_changes_the_character_s_panels_and_no_other_prompt(
    model: StoryModel,
) -> None:
    check = endpoint.check(asked(ref_image=portrait()))
    cast = cast_of(model, endpoint.storyboard(check.request, check.prepared, (64, 64)))
    assert cast.merged is not None
    changed = (cast.merged.tokens != cast.positive.tokens).any(-1)
    assert changed[0].sum() == changed[2].sum() == 1
    assert not changed[1].any()
    assert torch.equal(cast.merged.pooled, cast.positive.pooled)
    assert torch.equal(cast.texts(merged_from(check.request) - 1).tokens, cast.positive.tokens)
    assert torch.equal(cast.texts(merged_from(check.request)).tokens, cast.merged.tokens)


def test_several_pictures_of_one_person_are_stacked(model: StoryModel) -> None:
    check = endpoint.check(asked(ref_image=[portrait(), portrait("blue")]))
    board = endpoint.storyboard(check.request, check.prepared, (64, 64))
    cast = cast_of(model, board)
    assert cast.merged is not None
    assert model.identity is not None
    seen = see([each.views(model.identity.sees) for each in board.references], model.identity)
    assert not torch.allclose(seen[0], seen[1])
    assert (cast.merged.tokens[0] != cast.positive.tokens[0]).any(-1).sum() >= 2


def test_other_pictures_give_other_panels_and_the_model_is_as_before_without(
    files: tuple[Path, Path], model: StoryModel
) -> None:
    red = panels(model, ref_image=portrait())
    blue = panels(model, ref_image=portrait("blue"))
    assert np.abs(red[0] - blue[0]).max() > 0
    plain = panels(model, character_description="a man")
    untouched = panels(load_story_model(str(files[0]), device="cpu"), character_description="a man")
    assert all(np.array_equal(a, b) for a, b in zip(plain, untouched, strict=True))


def test_a_larger_ratio_leaves_the_reference_less(model: StoryModel) -> None:
    """The later it counts, the nearer are the panels to those that it never reached."""
    alone = panels(model, ref_image=portrait(), style_strength_ratio=15)
    away = []
    for ratio in (15, 30, 50):
        again = panels(model, ref_image=portrait(), style_strength_ratio=ratio)
        away.append(sum(np.abs(a - b).mean() for a, b in zip(alone, again, strict=True)))
    assert away[0] == 0
    assert away[0] < away[1] < away[2]


@pytest.mark.parametrize(
    ("ratio", "steps", "first"), [(15, 20, 4), (20, 25, 6), (50, 50, 26), (50, 20, 11)]
)
def test_the_reference_counts_from_its_share_of_the_steps(
    ratio: int, steps: int, first: int
) -> None:
    request = asked(style_strength_ratio=ratio, num_steps=steps)
    assert merged_from(request) == first <= LATEST_STEP + 1


def test_a_model_without_an_adapter_refuses_a_reference(files: tuple[Path, Path]) -> None:
    plain = load_story_model(str(files[0]), device="cpu")
    request = asked(ref_image=portrait())
    with pytest.raises(InvalidInput, match=r"^ref_image: .*PhotoMaker"):
        endpoint.check(request, endpoint.limits(plain))
    with pytest.raises(InvalidInput, match=r"^ref_image: .*PhotoMaker"):
        list(endpoint.run(plain, endpoint.check(request)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ref_image": portrait(), "character_description": "a man"}, "'a man img'"),
        ({"ref_image": portrait(size=(60, 200))}, "at least 64 x 64"),
        ({"ref_image": 7}, "a picture"),
    ],
)
def test_what_is_wrong_with_a_reference_is_told(fields: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        endpoint.check(asked(**fields))


def test_bytes_that_are_no_picture_are_told() -> None:
    with pytest.raises(UnreadablePicture):
        endpoint.check(asked(ref_image=b"no picture"))


def test_a_class_word_too_far_back_is_told(model: StoryModel) -> None:
    request = asked(ref_image=portrait(), character_description="very " * 90 + "tall man img")
    with pytest.raises(InvalidInput, match="among the first"):
        list(endpoint.run(model, endpoint.check(request)))


class Someone:
    """Finds whom it is told to."""

    def __init__(self, *people: Person) -> None:
        self._people = people

    def people(self, picture: Image.Image) -> tuple[Person, ...]:  # noqa: ARG002  # the protocol's
        return self._people


def standing() -> Person:
    """In a picture of 400 x 600, from hair at about 60 to feet at 420."""
    body = np.zeros((18, 3), np.float32)
    body[[0, 1, 16, 17]] = [(200, 100, 1), (200, 130, 1), (180, 98, 1), (220, 98, 1)]
    body[[10, 13]] = [(180, 420, 1), (220, 420, 1)]
    return Person(body=body)


def test_head_and_figure_are_cut_out_of_the_picture() -> None:
    picture = Image.new("RGB", (400, 600), "white")
    picture.paste("red", (180, 80, 220, 120))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    request = asked(ref_image=buffer.getvalue())
    (reference,) = read_references(request, Someone(standing()))
    (head,), (figure,) = reference.views("head"), reference.views("figure")
    assert head.width == head.height < 160
    assert figure.width == figure.height > 360
    red = np.asarray(head)[..., 1] < 100
    assert 0.05 < red.mean() < 0.3
    (square,) = reference.squares["figure"]
    assert square.top < 60
    assert square.top + square.side > 420


def test_nobody_in_a_photo_is_told_to_whoever_looks_at_heads_only() -> None:
    """Estimators are made for photos; who looks at figures looks at drawings, and for itself."""
    picture = Image.new("RGB", (400, 600), "white")
    (reference,) = read_references(asked(ref_image=picture), Someone())
    assert [view.size for view in reference.views("figure")] == [(400, 400)]
    assert [view.size for view in reference.views("parts")] == [(400, 400)] * PARTS
    with pytest.raises(NobodyFound, match="ref_image 400x600"):
        reference.views("head")


def test_nobody_is_told_before_a_request_runs_where_the_model_is_known() -> None:
    request, nobody = asked(ref_image=portrait()), Someone()
    with pytest.raises(NobodyFound):
        endpoint.check(request, endpoint.Limits(sees="head"), estimator=nobody)
    assert endpoint.check(request, endpoint.Limits(sees="figure"), estimator=nobody)
    assert endpoint.check(request, estimator=nobody)


def test_an_adapter_that_surely_sees_nobody_says_so(model: StoryModel) -> None:
    assert model.identity is not None
    sure = replace(model.identity, encoder=doubtful(model.identity.encoder, -9.0))
    with pytest.raises(NobodyFound, match="ref_image: nobody"):
        see([[portrait()]], sure)
    unsure = replace(model.identity, encoder=doubtful(model.identity.encoder, 0.0))
    assert torch.equal(see([[portrait()]], unsure), see([[portrait()]], model.identity))


def test_somebody_may_be_missing_in_some_views_but_not_in_all(
    model: StoryModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert model.identity is not None
    identity = model.identity
    views = [portrait(), portrait("blue")]
    for nobody, refused in (([True, False] * 2, False), ([False, True, True, True], True)):
        monkeypatch.setattr(identity.encoder, "surely_nobody", lambda _, told=nobody: told)
        if refused:
            with pytest.raises(NobodyFound):
                see([views, views], identity)
        else:
            assert len(see([views, views], identity)) == 4


def test_a_model_that_looks_at_parts_reads_the_class_word_once_for_each(model: StoryModel) -> None:
    assert model.identity is not None
    by_parts = replace(model, identity=replace(model.identity, sees="parts"))
    check = endpoint.check(asked(ref_image=portrait()))
    board = endpoint.storyboard(check.request, check.prepared, (64, 64))
    cast, take = cast_of(by_parts, board), board.identities[0]
    assert cast.merged is not None
    texts = [for_pictures(take.prompt, PARTS), take.negative_prompt]
    encoders = WindowedTextEncoders(model.text_encoders, model.tokenizers)
    read = encoders.encode(texts, model.device, model.dtype)
    changed = (cast.merged.tokens[0] - read.tokens[0]).abs().amax(-1) > 1e-3
    assert changed.sum() == PARTS
    assert torch.allclose(cast.merged.pooled[0], read.pooled[0], atol=1e-6)


def doubtful(encoder: IdentityEncoder, logit: float) -> IdentityEncoder:
    """The same encoder, which now says of any picture that somebody is there with this logit."""
    other = IdentityEncoder(
        encoder.config, encoder.visual_projection_2.out_features, doubts=True
    ).eval()
    other.load_state_dict(encoder.state_dict(), strict=False)
    assert other.somebody is not None
    torch.nn.init.zeros_(other.somebody.weight)
    torch.nn.init.constant_(other.somebody.bias, logit)
    return other
