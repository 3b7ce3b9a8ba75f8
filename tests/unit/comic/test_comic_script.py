import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.base.errors import InvalidInput
from vivant.comic.script import MAX_PANELS, Panel, parse_script
from vivant.endpoints.storydiffusion.request import COMIC_DESCRIPTION


def test_the_products_own_story_reads_as_eight_panels() -> None:
    assert parse_script(COMIC_DESCRIPTION) == (
        Panel(
            "at home, read new paper",
            "at home, The newspaper says there is a treasure house in the forest.",
            has_character=True,
        ),
        Panel("on the road, near the forest", "on the road, near the forest", has_character=True),
        Panel(
            "The car on the road, near the forest",
            "He drives to the forest in search of treasure.",
            has_character=False,
        ),
        Panel(
            "A tiger appeared in the forest, at night",
            "A tiger appeared in the forest, at night",
            has_character=False,
        ),
        Panel(
            "very frightened, open mouth, in the forest, at night",
            "very frightened, open mouth, in the forest, at night",
            has_character=True,
        ),
        Panel(
            "running very fast, in the forest, at night",
            "running very fast, in the forest, at night",
            has_character=True,
        ),
        Panel(
            "A house in the forest, at night",
            "Suddenly, he discovers the treasure house!",
            has_character=False,
        ),
        Panel(
            "in the house filled with treasure, laughing, at night",
            "He is overjoyed inside the house.",
            has_character=True,
        ),
    )


@pytest.mark.parametrize(
    "line", ["[NC] a car", "a car [NC]", "a [nc] car", "[ NC ]a car", "[NC]a car"]
)
def test_the_mark_may_stand_anywhere_in_a_line(line: str) -> None:
    assert parse_script(line) == (Panel("a car", "a car", has_character=False),)


def test_a_mark_in_the_caption_counts_and_is_not_shown() -> None:
    assert parse_script("a car #he left [NC]") == (Panel("a car", "he left", has_character=False),)


def test_only_the_first_hash_starts_the_caption() -> None:
    assert parse_script("a door # room #7") == (Panel("a door", "room #7", has_character=True),)


def test_an_empty_caption_is_kept_empty() -> None:
    assert parse_script("a quiet street #")[0].caption == ""


def test_blank_lines_and_spare_spaces_are_dropped() -> None:
    panels = parse_script("\n  a   cat \r\n\t\n a dog\n\n")
    assert [panel.prompt for panel in panels] == ["a cat", "a dog"]


def test_scripts_are_read_in_any_script() -> None:
    assert parse_script("в лесу, ночью #Кто там?\n森林里 #谁在那里?") == (
        Panel("в лесу, ночью", "Кто там?", has_character=True),
        Panel("森林里", "谁在那里?", has_character=True),
    )


@pytest.mark.parametrize("nothing", ["", "\n \n\t"])
def test_an_empty_script_is_refused(nothing: str) -> None:
    with pytest.raises(InvalidInput, match=r"comic_description: .* a panel's text on each line"):
        parse_script(nothing)


@pytest.mark.parametrize("line", ["#only a caption", "[NC]", "[NC] #a caption", "  # "])
def test_a_line_without_anything_to_draw_is_named(line: str) -> None:
    with pytest.raises(InvalidInput, match="something to draw before the # in line 3"):
        parse_script(f"a cat\n\n{line}")


def test_the_limit_is_kept_and_blank_lines_do_not_count() -> None:
    fits = "\n\n".join(["a cat"] * MAX_PANELS)
    assert len(parse_script(fits)) == MAX_PANELS == 24
    with pytest.raises(InvalidInput, match="'25 panels' is not allowed; expected at most 24 lines"):
        parse_script(f"{fits}\na dog")
    with pytest.raises(InvalidInput, match="at most 2 lines"):
        parse_script("a\nb\nc", limit=2)


WORDS = st.text("abcж森 ,.!", min_size=1, max_size=20).filter(str.strip)
LINES = st.tuples(WORDS, st.none() | WORDS, st.booleans())


@given(st.lists(LINES, min_size=1, max_size=MAX_PANELS))
def test_what_is_written_in_the_language_is_read_back(
    lines: list[tuple[str, str | None, bool]],
) -> None:
    script = "\n".join(
        ("" if shown else "[NC]") + prompt + ("" if caption is None else f"#{caption}")
        for prompt, caption, shown in lines
    )
    expected = []
    for prompt, caption, shown in lines:
        said = prompt if caption is None else caption
        expected.append(Panel(" ".join(prompt.split()), " ".join(said.split()), shown))
    assert parse_script(script) == tuple(expected)
