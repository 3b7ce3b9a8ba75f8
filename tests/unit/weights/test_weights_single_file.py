from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.weights.load import load_pose_model
from vivant.weights.model import PoseModel
from vivant.weights.tiny import save_tiny_pose_model

Tensors = dict[str, torch.Tensor]


def original_transformer(weights: Tensors, layers: int) -> Tensors:
    """Rename and fuse a diffusers transformer's tensors as the original code has them."""
    plain = {
        "pos_embed.pos_embed": "pos_embed",
        "pos_embed.proj": "x_embedder.proj",
        "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
        "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
        "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
        "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
        "context_embedder": "context_embedder",
        "proj_out": "final_layer.linear",
        "norm_out.linear": "final_layer.adaLN_modulation.1",
    }
    for layer in range(layers):
        ours, theirs = f"transformer_blocks.{layer}", f"joint_blocks.{layer}"
        for mine, block in (("", "x_block"), ("_context", "context_block")):
            plain[f"{ours}.norm1{mine}.linear"] = f"{theirs}.{block}.adaLN_modulation.1"
            plain[f"{ours}.ff{mine}.net.0.proj"] = f"{theirs}.{block}.mlp.fc1"
            plain[f"{ours}.ff{mine}.net.2"] = f"{theirs}.{block}.mlp.fc2"
        plain[f"{ours}.attn.to_out.0"] = f"{theirs}.x_block.attn.proj"
        plain[f"{ours}.attn.to_add_out"] = f"{theirs}.context_block.attn.proj"
    named: Tensors = {}
    fused: dict[str, list[torch.Tensor]] = {}
    order = ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj")
    for name, tensor in sorted(weights.items(), key=lambda item: _rank(item[0], order)):
        stem, _, kind = name.rpartition(".")
        short = stem.rpartition(".")[2]
        if short in order:
            layer = stem.split(".")[1]
            block = "x_block" if short.startswith("to_") else "context_block"
            fused.setdefault(f"joint_blocks.{layer}.{block}.attn.qkv.{kind}", []).append(tensor)
        elif name == "pos_embed.pos_embed":
            named["pos_embed"] = tensor
        else:
            named[f"{plain[stem]}.{kind}"] = tensor
    named |= {name: torch.cat(tensors) for name, tensors in fused.items()}
    last = f"joint_blocks.{layers - 1}.context_block.adaLN_modulation.1"
    for name in ("final_layer.adaLN_modulation.1", last):
        for kind in ("weight", "bias"):
            # The original code says shift, scale; diffusers says scale, shift.
            named[f"{name}.{kind}"] = torch.cat(named[f"{name}.{kind}"].chunk(2)[::-1])
    return named


def _rank(name: str, order: tuple[str, ...]) -> int:
    short = name.split(".")[-2]
    return order.index(short) if short in order else -1


def original_vae(weights: Tensors) -> Tensors:
    """Rename an autoencoder's tensors; here it has no attention, and four levels."""
    named: Tensors = {}
    for name, tensor in weights.items():
        new = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        new = new.replace("mid_block.resnets.0", "mid.block_1")
        new = new.replace("mid_block.resnets.1", "mid.block_2")
        for level in range(4):
            for sampler, short in (("downsamplers", "downsample"), ("upsamplers", "upsample")):
                old = "down" if short == "downsample" else "up"
                place = level if old == "down" else 3 - level
                prefix = f"{old}_blocks.{level}."
                new = new.replace(f"{prefix}{sampler}.0.", f"{old}.{place}.{short}.")
                new = new.replace(f"{prefix}resnets.", f"{old}.{place}.block.")
        named[new] = tensor
    return named


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
    tensors = {
        f"{prefix}{name}": tensor.contiguous().clone()
        for prefix, part in parts.items()
        for name, tensor in part.items()
    }
    save_file(tensors, file)
    return file


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
