# ruff: noqa: RUF001 - wide marks and other alphabets are what this is about
from __future__ import annotations

import shutil
from pathlib import Path

import fontpkg  # type: ignore[import-untyped]
import pytest

from vivant.base.errors import FontsMissing
from vivant.comic.faces import Face, Typecase, packaged_faces, system_faces

LATIN = "ÅÄÖåäöéñçłßœ “Quick—” it’s…"
CYRILLIC = "Съешь ещё этих мягких французских булок, їжак Ґ"
CJK = "他终于发现了宝藏屋！ありがとう 안녕하세요 臺灣"

DELIUS = Face(fontpkg.path("Delius"))


def test_the_packaged_faces_have_latin_cyrillic_greek_and_cjk() -> None:
    delius, comfortaa, noto = packaged_faces()
    assert delius.has(LATIN)
    assert comfortaa.has(LATIN + CYRILLIC + "Ελληνικά")
    assert noto.has(CJK)
    assert not delius.has("Ж")


def test_each_text_gets_the_first_face_that_has_all_of_it() -> None:
    faces = packaged_faces()
    typecase = Typecase(faces)
    assert [typecase.face_for(text) for text in (LATIN, CYRILLIC, CJK)] == list(faces)
    assert typecase.face_for("𓀀") is None


def test_chinese_characters_take_the_form_of_the_texts_language() -> None:
    forms = {packaged_faces(text)[-1].index for text in ("骨", "骨の", "骨는", "骨ㄅ")}
    assert len(forms) == 4


def test_reserve_faces_are_only_looked_at_when_needed() -> None:
    looked: list[Face] = []

    def reserve() -> list[Face]:
        faces = packaged_faces()
        looked.extend(faces)
        return list(faces)

    typecase = Typecase([DELIUS], (face for make in (reserve,) for face in make()))
    assert typecase.face_for("plain") == DELIUS
    assert not looked
    assert typecase.face_for("Ж") == packaged_faces()[1]
    assert looked


def test_system_faces_come_plain_ones_first_and_bad_files_have_nothing(tmp_path: Path) -> None:
    for name in ("A-BoldItalic.ttf", "B-Regular.ttf", "A-Bold.ttf"):
        shutil.copy(DELIUS.path, tmp_path / name)
    (tmp_path / "C.ttf").write_bytes(b"not a font")
    (tmp_path / "notes.txt").write_text("no font either")
    faces = list(system_faces([tmp_path, tmp_path / "none"]))
    assert [face.path.stem for face in faces] == ["B-Regular", "C", "A-Bold", "A-BoldItalic"]
    assert not faces[1].characters
    assert Typecase(faces[1:]).face_for("plain") == faces[2]


def test_a_machine_without_fonts_is_told_so() -> None:
    with pytest.raises(FontsMissing, match="no font on this machine"):
        _ = Typecase([]).first


def test_joiners_need_no_shape() -> None:
    assert DELIUS.has("a\u200db\ufe0f")
