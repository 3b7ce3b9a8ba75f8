from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.unit.weights.original_names import (
    Tensors,
    original_open_clip,
    original_unet,
    original_vae,
    save_parts,
)
from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.load import load_story_model
from vivant.weights.model import StoryModel
from vivant.weights.noise import NoiseSchedule
from vivant.weights.single_file import PUBLISHED_STORY
from vivant.weights.tiny_story import save_tiny_story_model


def pack(folder: Path, file: Path) -> Path:
    """Write a model folder as one file under the original names."""

    def read(part: str, name: str = "diffusion_pytorch_model") -> Tensors:
        return load_file(folder / part / f"{name}.safetensors")

    narrow = read("text_encoder", "model")
    positions = {"embeddings.position_ids": torch.arange(77)[None]}
    parts = {
        "model.diffusion_model.": original_unet(read("unet"), LAYERS_PER_BLOCK),
        "first_stage_model.": original_vae(read("vae")),
        "conditioner.embedders.0.transformer.text_model.": narrow | positions,
        "conditioner.embedders.1.model.": original_open_clip(read("text_encoder_2", "model")),
    }
    return save_parts(parts, file)


LAYERS_PER_BLOCK = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("single") / "tiny"
    return save_tiny_story_model(place, layers_per_block=LAYERS_PER_BLOCK)


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    return pack(folder, folder.parent / "model.safetensors")


def load_one(file: Path, folder: Path) -> StoryModel:
    return load_story_model(str(file), layout=str(folder), device="cpu")


def test_one_file_gives_the_networks_of_the_folder(folder: Path, file: Path) -> None:
    one = load_one(file, folder)
    whole = load_story_model(str(folder), device="cpu")
    nets = zip(
        (one.unet, one.vae, *one.text_encoders),
        (whole.unet, whole.vae, *whole.text_encoders),
        strict=True,
    )
    for got, wanted in nets:
        assert type(got) is type(wanted)
        assert not got.training
        expected = wanted.state_dict()
        assert got.state_dict().keys() == expected.keys()
        for name, tensor in got.state_dict().items():
            assert torch.equal(tensor, expected[name]), name
    assert (one.traits, one.noise) == (whole.traits, whole.noise)
    assert one.source == file.name


def test_one_file_gives_the_texts_of_the_folder(folder: Path, file: Path) -> None:
    """The activations come from the configuration, which state dictionaries do not show."""
    one, whole = load_one(file, folder), load_story_model(str(folder), device="cpu")
    for got, wanted, tokenizer in zip(
        one.text_encoders, whole.text_encoders, one.tokenizers, strict=True
    ):
        ids = tokenizer("the girl and the moon", return_tensors="pt").input_ids
        assert torch.equal(got(ids)[0], wanted(ids)[0])


def test_a_file_says_that_it_predicts_v_down_to_pure_noise(
    folder: Path, file: Path, tmp_path: Path
) -> None:
    marks = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    marked = tmp_path / "marked.safetensors"
    save_file(load_file(file) | marks, marked)
    expected = NoiseSchedule(prediction_type="v_prediction", rescale_betas_zero_snr=True)
    assert load_one(marked, folder).noise == expected
    assert load_one(file, folder).noise == NoiseSchedule()


def test_half_precision_spares_the_autoencoder_that_would_overflow(
    folder: Path, file: Path
) -> None:
    model = load_story_model(str(file), layout=str(folder), device="cpu", dtype="float16")
    assert model.unet.dtype == model.text_encoders[1].dtype == torch.float16
    assert model.vae.dtype == torch.float32


def test_tokenizers_come_from_the_catalogue_where_the_layout_has_none(
    folder: Path, file: Path, tmp_path: Path
) -> None:
    asked = []

    def hub(repo: str, *, revision: str | None, files: Sequence[str], token: str | None) -> Path:
        asked.append((repo, revision, "vocab.json" in files, token))
        return folder / "tokenizer"

    ignored = shutil.ignore_patterns("tokenizer*", "*.safetensors")
    layout = shutil.copytree(folder, tmp_path / "layout", ignore=ignored)
    model = load_story_model(str(file), layout=str(layout), device="cpu", download=hub)
    assert asked == [("openai/clip-vit-large-patch14", None, True, None)]
    assert [tokenizer.pad_token for tokenizer in model.tokenizers] == ["<|endoftext|>", "!"]


def test_a_file_of_another_size_does_not_pass_for_sdxl(folder: Path, file: Path) -> None:
    with pytest.raises(WeightsCorrupt, match=r"model\.safetensors"):
        load_story_model(str(file), device="cpu", download=lambda _, **__: folder / "tokenizer")


def test_a_file_without_text_encoders_says_so(folder: Path, file: Path, tmp_path: Path) -> None:
    tensors = {name: value for name, value in load_file(file).items() if "embedders" not in name}
    bare = tmp_path / "bare.safetensors"
    save_file(tensors, bare)
    with pytest.raises(WeightsUnavailable, match="text encoders included"):
        load_one(bare, folder)


@pytest.mark.parametrize(
    "lost",
    [
        "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight",
        "model.diffusion_model.label_emb.0.0.weight",
        "first_stage_model.decoder.mid.attn_1.q.weight",
        "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight",
        "conditioner.embedders.1.model.text_projection",
        "conditioner.embedders.1.model.transformer.resblocks.1.attn.in_proj_weight",
    ],
)
def test_a_lost_tensor_is_an_error(folder: Path, file: Path, tmp_path: Path, lost: str) -> None:
    tensors = load_file(file)
    del tensors[lost]
    broken = tmp_path / "broken.safetensors"
    save_file(tensors, broken)
    with pytest.raises(WeightsCorrupt, match=r"broken\.safetensors"):
        load_one(broken, folder)


def test_the_published_layout_is_sdxl() -> None:
    assert {file.parent.name for file in PUBLISHED_STORY.glob("*/config.json")} == {
        "unet",
        "vae",
        "text_encoder",
        "text_encoder_2",
    }
