"""`vivant weights` on story models."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from vivant.base.errors import InvalidInput, WeightsCorrupt
from vivant.doors.weights_commands import app
from vivant.weights.tiny_story import save_tiny_story_model


def test_story_models_are_listed_by_their_kind() -> None:
    entries = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    stories = {entry["id"] for entry in entries if entry["kind"] == "story"}
    assert {"embedded-story", "RealVision", "Unstable"} <= stories
    lines = CliRunner().invoke(app, ["list"]).stdout.splitlines()
    row = next(line for line in lines if line.startswith("RealVision"))
    assert row.split()[1:5] == ["story", "6.9", "GB", "open"]


def test_a_story_folder_is_verified(tmp_path: Path) -> None:
    folder = save_tiny_story_model(tmp_path)
    told = CliRunner().invoke(app, ["verify", str(folder)])
    assert (told.exit_code, told.stdout) == (0, f"{folder}\tsound\n")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    error = CliRunner().invoke(app, ["verify", str(folder)]).exception
    assert isinstance(error, WeightsCorrupt)
    assert "unet" in str(error)


def test_names_are_as_the_api_spells_them() -> None:
    error = CliRunner().invoke(app, ["pull", "realvision"]).exception
    assert isinstance(error, InvalidInput)
    assert "RealVision" in str(error)
