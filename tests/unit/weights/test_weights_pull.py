from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from vivant.base.errors import InvalidInput, WeightsUnavailable
from vivant.weights.catalog import find_entry, read_catalog
from vivant.weights.pull import explain, left_out
from vivant.weights.sources import pull

RESPONSE = httpx2.Response(503, request=httpx2.Request("GET", "https://hub.example/x"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GatedRepoError("no", response=RESPONSE), "accept its conditions"),
        (RepositoryNotFoundError("no", response=RESPONSE), "does not exist"),
        (RevisionNotFoundError("no", response=RESPONSE), "no such revision"),
        (HFValidationError("no"), "owner/name"),
        (LocalEntryNotFoundError("no"), "the hub cannot be reached"),
        (HfHubHTTPError("no", response=RESPONSE), "503"),
        (OSError("disk full\nmore"), "disk full"),
    ],
)
def test_every_failure_says_what_to_do_on_one_line(error: Exception, words: str) -> None:
    told = explain("owner/name", error)
    assert isinstance(told, WeightsUnavailable)
    assert words in str(told)
    assert "owner/name" in str(told)
    assert "\n" not in str(told)


def test_a_gated_model_says_where_and_how_to_get_access() -> None:
    text = str(explain("owner/name", GatedRepoError("no", response=RESPONSE)))
    assert "https://huggingface.co/owner/name" in text
    assert "HF_TOKEN" in text


def test_the_catalogue_holds_together() -> None:
    catalog = read_catalog()
    assert {"embedded", "sd3-medium", "sd3-controlnet-pose"} <= catalog.keys()
    assert {"embedded-story", "RealVision", "Unstable"} <= catalog.keys()
    for entry in catalog.values():
        assert entry.about
        assert entry.licence
        if entry.controlnet is not None:
            assert catalog[entry.controlnet].kind == "controlnet"
    assert catalog["sd3-medium"].gated
    assert 5e9 < catalog["sd3-medium"].bytes < 7e9
    assert catalog["SDXL"].bytes == pytest.approx(catalog["RealVision"].bytes, rel=0.01)


def test_pulling_asks_for_the_pinned_revision_and_t5_only_on_demand() -> None:
    asked: list[tuple[str, str | None, Sequence[str]]] = []

    def hub(repo: str, *, revision: str | None, files: Sequence[str], token: str | None) -> Path:
        asked.append((repo, revision, files))
        return Path(token or "none")

    entry = find_entry("sd3-medium")
    assert pull(entry, t5=False, token=None, download=hub) == Path("none")
    pull(entry, t5=True, token=None, download=hub)
    (repo, revision, plain), (_, _, with_t5) = asked
    assert (repo, revision) == (entry.source, entry.revision)
    assert not any("_3" in pattern for pattern in plain)
    assert set(with_t5) - set(plain) == {"text_encoder_3/*", "tokenizer_3/*"}


def test_pickles_and_doubles_come_only_when_named() -> None:
    assert {"*.fp16*", "*.bin"} <= set(left_out(["unet/*", "vae/*.safetensors*"]))
    assert "*.fp16*" not in left_out(["unet/*.fp16*"])
    assert "*.bin" in left_out(["unet/*.fp16*"])
    assert "*.bin" not in left_out(["unet/*pytorch_model*.bin*"])


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="sd3-medium"):
        find_entry("sd4")
