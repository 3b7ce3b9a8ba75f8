from typing import get_args

import pytest

from vivant.base.errors import InvalidInput
from vivant.comic.styles import STYLES, styled
from vivant.endpoints.storydiffusion.request import StyleName


def test_the_eleven_styles_are_those_that_requests_name() -> None:
    assert tuple(STYLES) == get_args(StyleName)
    assert len(STYLES) == 11


def test_no_style_changes_nothing() -> None:
    assert styled("(No style)", "a man, reading", "blurry") == ("a man, reading", "blurry")


@pytest.mark.parametrize("name", [name for name in STYLES if name != "(No style)"])
def test_a_style_stands_around_the_prompt_and_after_the_negative_prompt(name: str) -> None:
    prompt, negative = styled(name, "a man, reading", "bad hands")
    style = STYLES[name]
    assert prompt == f"{style.before} a man, reading, {style.after}"
    assert negative == f"bad hands, {style.avoid}"
    assert all((style.before, style.after, style.avoid))


def test_every_style_says_something_of_its_own() -> None:
    assert len(set(STYLES.values())) == len(STYLES)


@pytest.mark.parametrize(("negative", "expected"), [("", ""), (" bad , ", "bad")])
def test_commas_are_never_left_over(negative: str, expected: str) -> None:
    assert styled("(No style)", "a man,", negative) == ("a man", expected)
    assert not styled("Line art", "a man", negative)[1].startswith(",")


@pytest.mark.parametrize("name", ["Disney Character", "anime", ""])
def test_an_unknown_style_is_refused_with_the_names_that_there_are(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"style_name: .* one of: .*Disney Charactor"):
        styled(name, "a man", "")


def test_styles_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        STYLES["Mine"] = STYLES["Line art"]  # type: ignore[index]
