"""Find what a reference means, and bring it onto this machine's disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vivant.base.errors import InvalidInput, WeightsUnavailable
from vivant.weights.catalog import Entry, find_entry, read_catalog
from vivant.weights.pull import Download, hub_cache
from vivant.weights.thrifty import NETWORKS, ThriftyDownload

_SMALL_FILES = ("model_index.json", "vivant.json", "SHA256SUMS")
_SHARED_FILES = (*_SMALL_FILES, "scheduler/*.json", "tokenizer/*", "tokenizer_2/*")
_POSE_PARTS = ("transformer", "controlnet", "vae", "text_encoder", "text_encoder_2")
POSE_FILES = (*_SHARED_FILES, *(f"{part}/*" for part in _POSE_PARTS))
STORY_FILES = (*_SHARED_FILES, *(f"{part}/config.json" for part in NETWORKS))
T5_FILES = ("text_encoder_3/*", "tokenizer_3/*")
CONTROL_FILES = ("config.json", "diffusion_pytorch_model*.safetensors*")
TOKENIZER_FILES = ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json")

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
_DEFAULT_CONTROLNET = "sd3-controlnet-pose"

OWN_IDENTITY = "identity/identity.safetensors"
"""Where a story model's folder has an identity adapter of its own."""


@dataclass(frozen=True)
class Located:
    """Weights on disk: a folder in diffusers layout, or one safetensors file.

    Attributes:
        path: where they are.
        name: what to call them in a picture's settings; of a path only its last part, since
            pictures are shown to others.
        pickles: whether pickles among them may be opened; see `Entry`.
    """

    path: Path
    name: str
    pickles: bool = False


def locate(reference: str | None, *, t5: bool, token: str | None, download: Download) -> Located:
    """Find a whole model; hub ids and catalogue names are downloaded unless cached.

    Raises:
        InvalidInput: the reference is none of the known kinds.
        WeightsUnavailable: it is known but cannot be had.
    """
    name = reference or "embedded"
    files = (*POSE_FILES, *T5_FILES) if t5 else POSE_FILES
    return _located(name, _bring(name, "pose", files, token=token, download=download))


def locate_story(reference: str | None, *, token: str | None, download: Download) -> Located:
    """Find a whole story model; else as `locate`."""
    name = reference or "embedded-story"
    return _located(name, _bring(name, "story", STORY_FILES, token=token, download=download))


def locate_controlnet(
    reference: str | None, model_folder: Path | None, *, token: str | None, download: Download
) -> Path:
    """Find the control net: the named one, the model's own, or the one published for SD3 medium."""
    if reference is None and model_folder is not None:
        own = model_folder / "controlnet"
        if (own / "config.json").is_file():
            return own
    name = reference or _DEFAULT_CONTROLNET
    return _bring(name, "controlnet", CONTROL_FILES, token=token, download=download)


def locate_identity(
    reference: str | None, model: Located, *, token: str | None, download: Download
) -> Path | None:
    """Find an identity adapter: the named one, the model's own, or the one that goes with it.

    Args:
        reference: a catalogue name, a `.bin` or a `.safetensors` file; None for what the model's
            folder holds, or else the catalogue's for it, if that was pulled before.
        model: that it is for.
        token: for the hub.
        download: fetches what is named.

    Returns:
        The file, or None where there is none.

    Raises:
        InvalidInput: the reference is none of these.
        WeightsUnavailable: it is known but cannot be had.
    """
    if reference is None:
        if (model.path / OWN_IDENTITY).is_file():
            return model.path / OWN_IDENTITY
        entry = read_catalog().get(model.name)
        if entry is None or entry.identity is None:
            return None
        try:
            return _identity_file(entry.identity, token=token, download=hub_cache)
        except WeightsUnavailable:
            return None
    own = Path(reference).expanduser()
    return own if own.is_file() else _identity_file(reference, token=token, download=download)


def _identity_file(name: str, *, token: str | None, download: Download) -> Path:
    known = {entry.id: entry for entry in read_catalog().values() if entry.kind == "identity"}
    if name not in known:
        raise InvalidInput("identity", name, f"{', '.join(known)}, or a .safetensors or .bin file")
    (file,) = known[name].files
    return _fetch(known[name], (file,), token=token, download=download) / file


def pull(entry: Entry, *, t5: bool, token: str | None, download: Download) -> Path:
    """Bring a catalogue entry onto the disk; returns its folder."""
    files = {
        "pose": POSE_FILES,
        "story": STORY_FILES,
        "controlnet": CONTROL_FILES,
        "tokenizer": TOKENIZER_FILES,
        "identity": tuple(entry.files),
        "estimator": tuple(entry.files),
    }
    wanted = files[entry.kind] + (T5_FILES if t5 and entry.t5_files else ())
    return _fetch(entry, wanted, token=token, download=download)


def _located(name: str, path: Path) -> Located:
    entry = read_catalog().get(name)
    if entry is not None:
        return Located(path, name, pickles=entry.pickles)
    own = Path(name).expanduser()
    return Located(path, own.resolve().name if own.exists() else name)


def _bring(
    name: str, kind: str, files: tuple[str, ...], *, token: str | None, download: Download
) -> Path:
    path = Path(name).expanduser()
    if name in read_catalog():
        entry = find_entry(name)
        if entry.kind != kind:
            raise InvalidInput("weights", name, f"a {kind}; that one is a {entry.kind}")
        return _fetch(entry, files, token=token, download=download)
    if path.is_dir():
        return path
    if path.is_file():
        if path.suffix != ".safetensors":
            raise InvalidInput("weights", name, "a .safetensors file; pickles can run code")
        return path
    if _HUB_ID.fullmatch(name) and path.suffix != ".safetensors":
        repo, _, revision = name.partition("@")
        if kind == "story":
            download = ThriftyDownload(download)
        return download(repo, revision=revision or None, files=files, token=token)
    known = ", ".join(entry.id for entry in read_catalog().values() if entry.kind == kind)
    raise InvalidInput(
        "weights", name, f"{known}, an existing folder or .safetensors file, or owner/name"
    )


def _fetch(entry: Entry, files: tuple[str, ...], *, token: str | None, download: Download) -> Path:
    folder = entry.packaged
    if folder is None:
        if entry.kind == "story":
            download = ThriftyDownload(download, pickles=entry.pickles)
        return download(entry.source, revision=entry.revision, files=files, token=token)
    if not all((folder / name).is_file() for name in entry.files or ("model_index.json",)):
        raise WeightsUnavailable(
            f"this copy of Vivant came without the {entry.id} model; reinstall it from a full "
            "checkout or wheel, or name other weights with --weights"
        )
    return folder
