"""Long prompts in windows: nothing is lost, and short prompts are read as diffusers reads them."""

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline

from vivant.diffusion.text import EncodedText
from vivant.diffusion.windows import WindowedTextEncoders
from vivant.weights.load import load_story_model
from vivant.weights.model import StoryModel
from vivant.weights.quiet import quiet_libraries
from vivant.weights.tiny_story import save_tiny_story_model

CPU = torch.device("cpu")
SHORT = "a man in the forest"
LONG = "a man in the forest, at night, " * 8
LENGTH = 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_story_model(tmp_path_factory.mktemp("story"), token_length=LENGTH)


@pytest.fixture(scope="module")
def model(folder: Path) -> StoryModel:
    return load_story_model(str(folder), device="cpu")


@pytest.fixture(scope="module")
def encoders(model: StoryModel) -> WindowedTextEncoders:
    return WindowedTextEncoders(model.text_encoders, model.tokenizers)


def encode(encoders: WindowedTextEncoders, *texts: str) -> EncodedText:
    return encoders.encode(texts, CPU, torch.float32)


def test_a_short_prompt_is_read_as_diffusers_reads_it(
    folder: Path, encoders: WindowedTextEncoders
) -> None:
    with quiet_libraries():
        pipeline = StableDiffusionXLPipeline.from_pretrained(folder)
        tokens, _, pooled, _ = pipeline.encode_prompt(
            SHORT, device=CPU, do_classifier_free_guidance=False
        )
    ours = encode(encoders, SHORT)
    torch.testing.assert_close(ours.tokens, tokens)
    torch.testing.assert_close(ours.pooled, pooled)


def test_each_window_is_read_by_itself(encoders: WindowedTextEncoders) -> None:
    count = encoders.windows(LONG)
    assert count > 1
    whole = encode(encoders, LONG)
    assert whole.tokens.shape[1] == count * LENGTH
    torch.testing.assert_close(whole.pooled, encode(encoders, SHORT, LONG).pooled[1:])


def test_the_last_word_of_a_long_prompt_counts(encoders: WindowedTextEncoders) -> None:
    one, other = encode(encoders, LONG + "red"), encode(encoders, LONG + "blue")
    assert (one.tokens - other.tokens).abs().amax() > 1e-3
    first_window = slice(0, LENGTH)
    torch.testing.assert_close(one.tokens[:, first_window], other.tokens[:, first_window])


def test_short_texts_beside_long_ones_get_empty_windows(encoders: WindowedTextEncoders) -> None:
    both = encode(encoders, SHORT, LONG)
    torch.testing.assert_close(both.tokens[:1, :LENGTH], encode(encoders, SHORT).tokens)
    torch.testing.assert_close(both.tokens[:1, LENGTH : 2 * LENGTH], encode(encoders, "").tokens)


def test_an_empty_text_is_one_window(encoders: WindowedTextEncoders) -> None:
    assert encoders.windows("") == 1
