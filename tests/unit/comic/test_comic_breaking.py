# ruff: noqa: RUF001 - wide marks and other alphabets are what this is about
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.comic.breaking import clean, clusters, unbreakable


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("treasure!", ["treasure!"]),
        ("half-asleep", ["half-", "asleep"]),
        ("no—wait", ["no—", "wait"]),
        ("森林里，夜晚。", ["森", "林", "里，", "夜", "晚。"]),
        ("那座“宝屋”！", ["那", "座", "“宝", "屋”！"]),
        ("ちょっとコーヒー", ["ちょっ", "と", "コー", "ヒー"]),
        ("他说OK了", ["他", "说", "OK", "了"]),
        ("안녕하세요", ["안녕하세요"]),
    ],
)
def test_lines_break_where_readers_expect_it(word: str, parts: list[str]) -> None:
    assert unbreakable(word) == parts


@given(st.text(max_size=40))
def test_parts_make_up_the_word(text: str) -> None:
    for word in clean(text).split():
        assert "".join(unbreakable(word)) == word
        assert "".join(clusters(word)) == word


def test_marks_stay_with_their_letters() -> None:
    assert clusters("q\u0323a") == ["q\u0323", "a"]
    assert clusters("क्षि")[0] == "क्"


def test_cleaning_composes_and_drops_what_has_no_shape() -> None:
    assert clean("  cafe\u0301\t\n au\x00 \x07lait\ud800 ") == "café au lait"


@given(st.text(max_size=60))
def test_clean_text_is_one_line_and_stays_clean(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\n" not in once
