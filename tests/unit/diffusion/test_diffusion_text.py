from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vivant.diffusion.text import TextEncoders
from vivant.weights.load import load_pose_model
from vivant.weights.model import PoseModel
from vivant.weights.tiny import save_tiny_pose_model

CPU = torch.device("cpu")
TEXTS = ["a girl in a suit", ""]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PoseModel:
    folder: Path = tmp_path_factory.mktemp("tiny")
    return load_pose_model(str(save_tiny_pose_model(folder, t5=True)), device="cpu", t5=True)


def encoders(model: PoseModel, *, t5: bool, extra_tokens: int, width: int = 48) -> TextEncoders:
    return TextEncoders(
        clip=model.text_encoders,
        clip_tokenizers=model.tokenizers,
        t5=model.text_encoder_3 if t5 else None,
        t5_tokenizer=model.tokenizer_3 if t5 else None,
        width=width,
        extra_tokens=extra_tokens,
    )


def test_two_clips_side_by_side_padded_to_the_networks_width(model: PoseModel) -> None:
    text = encoders(model, t5=False, extra_tokens=0).encode(TEXTS, CPU, torch.float32)
    assert text.tokens.shape == (2, 77, 48)
    assert text.pooled.shape == (2, 32)
    assert not bool(text.tokens[:, :, 32:].any())
    for i, (clip, tokenizer) in enumerate(zip(model.text_encoders, model.tokenizers, strict=True)):
        ids = tokenizer(TEXTS, padding="max_length", max_length=77, return_tensors="pt").input_ids
        with torch.inference_mode():
            output = clip(ids, output_hidden_states=True)
        part = text.tokens[:, :, 16 * i : 16 * (i + 1)]
        torch.testing.assert_close(part, output.hidden_states[-2])
        torch.testing.assert_close(text.pooled[:, 16 * i : 16 * (i + 1)], output.text_embeds)


def test_no_padding_where_the_clips_fill_the_width(model: PoseModel) -> None:
    text = encoders(model, t5=False, extra_tokens=0, width=32).encode(TEXTS, CPU, torch.float32)
    assert text.tokens.shape == (2, 77, 32)


def test_zeros_stand_in_for_t5(model: PoseModel) -> None:
    text = encoders(model, t5=False, extra_tokens=6).encode(TEXTS, CPU, torch.float32)
    assert text.tokens.shape == (2, 83, 48)
    assert not bool(text.tokens[:, 77:].any())


@pytest.mark.parametrize(("extra_tokens", "length"), [(6, 6), (0, 256)])
def test_t5_follows_the_clips(model: PoseModel, extra_tokens: int, length: int) -> None:
    text = encoders(model, t5=True, extra_tokens=extra_tokens).encode(TEXTS, CPU, torch.float32)
    assert text.tokens.shape == (2, 77 + length, 48)
    assert bool(text.tokens[0, 77:].any())


def test_long_prompts_are_cut_and_not_refused(model: PoseModel) -> None:
    long = ["a suit and " * 200]
    text = encoders(model, t5=False, extra_tokens=0).encode(long, CPU, torch.float32)
    assert text.tokens.shape == (1, 77, 48)


def test_the_unread_end_of_a_long_text(model: PoseModel) -> None:
    """The tiny tokenizers read about a letter a token, 75 of them between start and end."""
    read = encoders(model, t5=False, extra_tokens=0)
    assert read.unread("b" * 75) == ""
    assert read.unread("b" * 75 + "dragons") == "dragons"


def test_t5_reads_what_the_clips_have_no_room_for(model: PoseModel) -> None:
    long = "b" * 75 + "dragons"
    assert encoders(model, t5=True, extra_tokens=256).unread(long) == ""
    assert encoders(model, t5=True, extra_tokens=4).unread(long) == "dragons"
