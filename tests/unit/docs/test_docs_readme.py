"""What the README lists is what the code has."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from vivant.base.requests import EndpointRequest
from vivant.endpoints.sd3_med_pose.request import Request as PoseRequest
from vivant.endpoints.sd3_med_pose.request import SamplerName, SchedulerName
from vivant.endpoints.storydiffusion.request import Request as StoryRequest
from vivant.pose.presets import preset_names

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")


ELSEWHERE = {
    "image",
    "ref_image",
    "comic_description",
    "base64",
    "redo",
    "redo_seed",
}
"""Arguments and no options, or options of one command only, or by another name."""

FIELDS = [
    (section, request, name)
    for section, request in (("On the command line", PoseRequest), ("Stories", StoryRequest))
    for name in sorted(request.model_fields.keys() - ELSEWHERE)
]


@pytest.mark.parametrize(("section", "request_type", "name"), FIELDS)
def test_every_field_is_listed_with_its_default(
    section: str, request_type: type[EndpointRequest], name: str
) -> None:
    text = README.partition(f"## {section}\n")[2].partition("\n## ")[0]
    option = f"`--{name.replace('_', '-')}`"
    row = next(line for line in text.splitlines() if line.startswith("|") and option in line)
    field = request_type.model_fields[name]
    if field.is_required() or field.default in {None, False} or len(str(field.default)) > 60:
        return
    shown = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
    assert shown in row


def test_every_preset_that_is_named_ships() -> None:
    assert set(re.findall(r"preset:(\w+)", README)) <= set(preset_names())


def test_samplers_are_counted_and_schedulers_listed() -> None:
    assert f"{len(get_args(SamplerName))} names" in README
    assert ", ".join(get_args(SchedulerName)) in README


def test_its_make_commands_exist() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"^ +make (\w+)", text, re.MULTILINE)) <= set(targets)


def test_every_dependency_is_explained_and_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower().splitlines()
    pins = {line.partition("==")[0].replace("_", "-") for line in lines if "==" in line}
    text = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    for requirement in wanted:
        name = re.split(r"[>=<\[;]", requirement)[0].lower()
        assert name in pins, f"{name} is not pinned"
        assert name in text, f"{name} is not explained"


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert all(file.name in index for file in folder.glob("0*.md"))
