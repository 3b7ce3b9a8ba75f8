from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import CLIPTokenizer

from vivant.weights.tiny import save_tiny_pose_model


def test_layout_is_the_published_one(tmp_path: Path) -> None:
    folder = save_tiny_pose_model(tmp_path / "tiny", t5=True)
    for part in ("transformer", "controlnet", "vae"):
        assert (folder / part / "config.json").is_file()
        assert (folder / part / "diffusion_pytorch_model.safetensors").is_file()
    for part in ("text_encoder", "text_encoder_2", "text_encoder_3"):
        assert (folder / part / "model.safetensors").is_file()
    for part in ("tokenizer", "tokenizer_2"):
        assert {"vocab.json", "merges.txt"} <= {file.name for file in (folder / part).iterdir()}
    assert not list(folder.rglob("*.bin"))


def test_same_seed_same_weights_other_seed_other_weights(tmp_path: Path) -> None:
    name = "transformer/diffusion_pytorch_model.safetensors"
    first, again, other = (
        load_file(save_tiny_pose_model(tmp_path / str(place), seed=seed) / name)
        for place, seed in enumerate((3, 3, 4))
    )
    weight = "transformer_blocks.0.attn.to_q.weight"
    assert torch.equal(first[weight], again[weight])
    assert not torch.equal(first[weight], other[weight])


def test_leaves_the_global_random_state_alone(tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    save_tiny_pose_model(tmp_path)
    assert torch.equal(before, torch.random.get_rng_state())


def test_control_net_has_no_dead_layer(tmp_path: Path) -> None:
    save_tiny_pose_model(tmp_path)
    weights = load_file(tmp_path / "controlnet" / "diffusion_pytorch_model.safetensors")
    assert all(tensor.any() for tensor in weights.values())


def test_tokenizers_merge_and_pad_as_published(tmp_path: Path) -> None:
    save_tiny_pose_model(tmp_path)
    first = CLIPTokenizer.from_pretrained(tmp_path / "tokenizer")
    second = CLIPTokenizer.from_pretrained(tmp_path / "tokenizer_2")
    words = first.convert_ids_to_tokens(first("The running").input_ids)
    assert words == ["<|startoftext|>", "the</w>", "r", "u", "n", "n", "ing</w>", "<|endoftext|>"]
    padded = second("the", padding="max_length", max_length=6).input_ids
    assert padded[3:] == [second.convert_tokens_to_ids("!")] * 3
