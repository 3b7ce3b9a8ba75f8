"""The table from errors to status codes is complete, and what it says is for users."""

from __future__ import annotations

import inspect
import json

import pytest

from vivant.base import errors
from vivant.base.errors import Fault, InvalidInput, LineFull, NoSuchJob, VivantError
from vivant.web.problems import MEANING, STATUS, problem_of, status_of, status_of_kind

OURS = {
    "VivantError",
    "Fault",
    "FontsMissing",
    "HoldClosed",
    "WeightsCorrupt",
}
"""Errors that no user of the web can cause or mend."""


def known() -> dict[str, type[VivantError]]:
    return {
        name: kind
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, VivantError)
    }


@pytest.mark.parametrize("name", sorted(known()))
def test_every_error_has_its_status(name: str) -> None:
    assert (status_of(known()[name]) == 500) == (name in OURS)
    assert status_of_kind(name) == status_of(known()[name])


@pytest.mark.parametrize("name", [None, "", "math", "SomethingGone"])
def test_what_no_error_is_called_is_our_fault(name: str | None) -> None:
    assert status_of_kind(name) == 500


def test_every_status_has_its_meaning() -> None:
    assert set(STATUS.values()) <= set(MEANING)


def test_the_nearest_class_decides() -> None:
    assert status_of(errors.PictureTooLarge) == 413
    assert status_of(errors.UnreadablePicture) == 422
    assert status_of(NoSuchJob) == 404


def test_errors_are_json_with_their_text() -> None:
    answer = problem_of(InvalidInput("seed", "x", "a whole number"), "http_1")
    assert json.loads(answer.body) == {"error": "seed: 'x' is not allowed; expected a whole number"}


def test_when_to_come_back_is_told_in_whole_seconds() -> None:
    assert problem_of(LineFull(2.3), "http_1").headers["retry-after"] == "3"


@pytest.mark.parametrize("error", [VivantError("/home/ada/secret"), Fault("http_1")])
def test_our_faults_tell_an_id_and_nothing_else(error: VivantError) -> None:
    answer = problem_of(error, "http_1")
    assert answer.status_code == 500
    assert b"http_1" in answer.body
    assert b"secret" not in answer.body
