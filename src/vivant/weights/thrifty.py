"""Fetch each network of a repository once, where it is published in several formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vivant.weights.networks import weight_files
from vivant.weights.pull import Download

NETWORKS = ("unet", "vae", "text_encoder", "text_encoder_2")
"""The parts of a story model that have weights."""

_FORMATS = ("*.fp16*", "*.safetensors*")
_PICKLED_FORMATS = ("*pytorch_model*.fp16*.bin*", "*pytorch_model*.bin*")


@dataclass(frozen=True)
class ThriftyDownload:
    """A `Download` that adds the networks' weights to the files it is asked for.

    Half-precision doubles come first, at half the size of the main files, which follow for those
    networks that have none.

    Attributes:
        download: fetches.
        pickles: whether pickles are fetched for networks that are published in no other way.
    """

    download: Download
    pickles: bool = False

    def __call__(
        self, repo: str, *, revision: str | None, files: Sequence[str], token: str | None
    ) -> Path:
        """Fetch the files and the weights; else as the `Download` within."""
        folder = self.download(repo, revision=revision, files=files, token=token)
        for pattern in (*_FORMATS, *(_PICKLED_FORMATS if self.pickles else ())):
            lacking = [part for part in NETWORKS if not self._has(folder / part)]
            if not lacking:
                break
            weights = [f"{part}/{pattern}" for part in lacking]
            folder = self.download(repo, revision=revision, files=weights, token=token)
        return folder

    def _has(self, network: Path) -> bool:
        return bool(weight_files(network, pickles=self.pickles).paths)
