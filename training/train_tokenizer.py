"""Train the byte-level BPE of the embedded text encoders, in CLIP's file format.

    python -m training.train_tokenizer --data DATA --out RUN/tokenizer

It learns the captions of the rendered set, and letters and common endings for all other words.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from training.models import TEXT_LENGTH
from training.world.story_captions import unwanted

WORDS_ELSEWHERE = """
dragon knight princess king queen robot teacher doctor chef pilot wizard witch astronaut soldier
kitchen school office station bridge river lake castle church market desert island space garden
umbrella flower guitar bicycle train airplane boat horse bird fish lion bear rabbit ball phone
sleeping eating drinking cooking singing fighting flying swimming climbing driving playing looking
beautiful cute old new big small tall short happy angry sunny cloudy foggy windy dark bright
""".split()  # noqa: SIM905
"""Everyday words that the world does not draw: they should at least not fall to single letters."""


def main() -> None:
    """Write vocab.json, merges.txt and CLIP's tokenizer configuration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=int, default=1280)
    args = parser.parse_args()
    with (args.data / "samples.jsonl").open() as lines:
        texts = [c for line in lines for c in json.loads(line)["captions"]]
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=args.vocabulary - 2,
        end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, *[*unwanted(), *WORDS_ELSEWHERE] * 300], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    args.out.mkdir(parents=True, exist_ok=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = list(dict.fromkeys([*alphabet, *(a + "</w>" for a in alphabet)]))
    tokens += [t for t in sorted(model["vocab"], key=model["vocab"].get) if t not in set(tokens)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    (args.out / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n")
    merges = [" ".join(m) if isinstance(m, list) else m for m in model["merges"]]
    (args.out / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    }
    (args.out / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")
    configuration = {**special, "model_max_length": TEXT_LENGTH, "tokenizer_class": "CLIPTokenizer"}
    (args.out / "tokenizer_config.json").write_text(json.dumps(configuration, indent=2) + "\n")
    print(f"{len(vocabulary)} tokens from {len(texts)} captions")


if __name__ == "__main__":
    main()
