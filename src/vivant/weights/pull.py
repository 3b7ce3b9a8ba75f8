"""Fetch weights from the Hugging Face hub into its cache, with errors that say what to do.

A download looks at the cache first, and makes do with it where there is no connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from logging import ERROR
from pathlib import Path
from typing import Protocol

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import logging

from vivant.base.errors import VivantError, WeightsUnavailable


class Download(Protocol):
    """Fetches the files of a hub repository that fit the patterns; returns their folder."""

    def __call__(
        self, repo: str, *, revision: str | None, files: Sequence[str], token: str | None
    ) -> Path:
        """Fetch; raises a domain error where that fails."""
        ...


def hub_download(
    repo: str, *, revision: str | None, files: Sequence[str], token: str | None
) -> Path:
    """Download from the hub, or take what its cache already holds.

    Args:
        repo: "owner/name".
        revision: commit, branch or tag; None for the newest.
        files: glob patterns of wanted files; see `left_out`.
        token: access token; None for the one the user logged in with.

    Raises:
        WeightsUnavailable: no access, no such repository or revision, or no connection.
    """
    return _snapshot(repo, revision, files, token, offline=False)


def hub_cache(repo: str, *, revision: str | None, files: Sequence[str], token: str | None) -> Path:
    """Find what was downloaded before, without a connection; else as `hub_download`."""
    return _snapshot(repo, revision, files, token, offline=True)


def left_out(files: Sequence[str]) -> list[str]:
    """Patterns of what is not fetched although a wider pattern fits.

    These are pickles, half-precision doubles of other files, and what only other frameworks read,
    unless one of the patterns names them.
    """
    named = {kind for kind in (".fp16", ".bin") if any(kind in pattern for pattern in files)}
    doubles = [] if ".fp16" in named else ["*.fp16*"]
    pickles = [] if ".bin" in named else ["*.bin"]
    return [*doubles, *pickles, "*.pt", "*.ckpt", "*.msgpack", "*.onnx*", "*openvino*"]


def _snapshot(
    repo: str, revision: str | None, files: Sequence[str], token: str | None, *, offline: bool
) -> Path:
    try:
        with _hub_says_errors_only():
            folder = snapshot_download(
                repo,
                revision=revision,
                allow_patterns=list(files),
                ignore_patterns=left_out(files),
                token=token,
                local_files_only=offline,
            )
    except (OSError, ValueError) as error:
        raise explain(repo, error) from error
    return Path(folder)


@contextmanager
def _hub_says_errors_only() -> Iterator[None]:
    """Keep the hub's notes on each retry off the terminal; what fails is told once, at the end."""
    before = logging.get_verbosity()
    logging.set_verbosity(ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def explain(repo: str, error: Exception) -> VivantError:
    """Say in one line why a download failed and what the user can do."""
    page = f"https://huggingface.co/{repo}"
    match error:
        case GatedRepoError():
            text = (
                f"{repo} is gated: log in at {page}, accept its conditions, make a read token at "
                "https://huggingface.co/settings/tokens and pass it in HF_TOKEN "
                "(or run `hf auth login`)"
            )
        case RepositoryNotFoundError():
            text = f"{repo} does not exist on the hub, or is private: see {page}"
        case RevisionNotFoundError():
            text = f"{repo} has no such revision: see {page}/commits/main"
        case HFValidationError():
            text = f"{repo} is not a hub id; expected owner/name"
        case LocalEntryNotFoundError():
            text = (
                f"{repo} is not in the local cache and the hub cannot be reached: connect and run "
                "`vivant weights pull`, or give a folder with --weights; the embedded model works "
                "offline"
            )
        case HfHubHTTPError():
            text = f"{repo}: the hub answered {error.response.status_code}; try again later"
        case _:
            text = (
                f"{repo} could not be downloaded ({type(error).__name__}: {_first_line(error)}); "
                "the embedded model works offline"
            )
    return WeightsUnavailable(text)


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else "no details"
