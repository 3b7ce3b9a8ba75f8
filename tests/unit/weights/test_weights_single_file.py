from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.unit.weights.original_names import (
    Tensors,
    original_transformer,
    original_vae,
    save_parts,
)
from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.load import load_pose_model
from vivant.weights.model import PoseModel
from vivant.weights.tiny import save_tiny_pose_model


def pack(folder: Path, file: Path) -> Path:
    """Write a model folder as one file under the original names."""

    def read(part: str, name: str = "diffusion_pytorch_model") -> Tensors:
        return load_file(folder / part / f"{name}.safetensors")

    encoders = {
        "text_encoders.clip_l.transformer.": read("text_encoder", "model"),
        "text_encoders.clip_g.transformer.": read("text_encoder_2", "model"),
        "text_encoders.t5xxl.transformer.": read("text_encoder_3", "model"),
    }
    del encoders["text_encoders.clip_l.transformer."]["text_projection.weight"]
    parts = {
        "model.diffusion_model.": original_transformer(read("transformer"), 2),
        "first_stage_model.": original_vae(read("vae")),
        **encoders,
    }
    return save_parts(parts, file)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_pose_model(tmp_path_factory.mktemp("single") / "tiny", t5=True)


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    return pack(folder, folder.parent / "model.safetensors")


def load_one(file: Path, folder: Path, *, t5: bool = False) -> PoseModel:
    control = str(folder / "controlnet")
    return load_pose_model(str(file), layout=str(folder), controlnet=control, device="cpu", t5=t5)


def test_one_file_gives_the_networks_of_the_folder(folder: Path, file: Path) -> None:
    one = load_one(file, folder, t5=True)
    whole = load_pose_model(str(folder), device="cpu", t5=True)
    pairs = [
        (one.transformer, whole.transformer),
        (one.vae, whole.vae),
        (one.text_encoders[1], whole.text_encoders[1]),
        (one.text_encoder_3, whole.text_encoder_3),
    ]
    for got, wanted in pairs:
        expected = wanted.state_dict()
        assert got.state_dict().keys() == expected.keys()
        for name, tensor in got.state_dict().items():
            assert torch.equal(tensor, expected[name]), name
    assert one.traits == whole.traits
    assert one.text_encoder_3 is not None


def test_the_narrow_text_encoder_is_not_projected(folder: Path, file: Path) -> None:
    encoder = load_one(file, folder).text_encoders[0]
    weight = encoder.text_projection.weight
    assert torch.equal(weight, torch.eye(weight.shape[0]))


def test_a_file_without_text_encoders_says_so(folder: Path, file: Path, tmp_path: Path) -> None:
    tensors = {name: value for name, value in load_file(file).items() if "text_enc" not in name}
    bare = tmp_path / "bare.safetensors"
    save_file(tensors, bare)
    with pytest.raises(WeightsUnavailable, match="text encoders included"):
        load_one(bare, folder)


@pytest.mark.parametrize(
    "lost",
    [
        "model.diffusion_model.joint_blocks.0.x_block.mlp.fc1.weight",
        "first_stage_model.decoder.conv_out.weight",
        "text_encoders.clip_g.transformer.text_projection.weight",
    ],
)
def test_a_lost_tensor_is_an_error(folder: Path, file: Path, tmp_path: Path, lost: str) -> None:
    tensors = load_file(file)
    del tensors[lost]
    broken = tmp_path / "broken.safetensors"
    save_file(tensors, broken)
    with pytest.raises(WeightsCorrupt, match=r"broken\.safetensors"):
        load_one(broken, folder)


def test_a_file_that_is_no_safetensors_is_an_error(folder: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.safetensors"
    text.write_text("hello, I am not a model", encoding="utf-8")
    with pytest.raises(WeightsCorrupt, match=r"text\.safetensors"):
        load_one(text, folder)
