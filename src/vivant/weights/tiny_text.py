"""Tiny random text encoders of the CLIP kind, with tokenizers, and the files around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig

WIDTH = 16
"""Hidden size and projection size of each tiny text encoder."""


def save_clips(folder: Path, kinds: tuple[Any, Any], length: int) -> None:
    """Write `text_encoder/`, `text_encoder_2/` and their tokenizers, which pad as published.

    Args:
        folder: the model's.
        kinds: classes of the two encoders.
        length: longest text in tokens, start and end included.
    """
    styles = (("", "quick_gelu", "<|endoftext|>"), ("_2", "gelu", "!"))
    for kind, (suffix, activation, pad) in zip(kinds, styles, strict=True):
        vocabulary = _save_tokenizer(folder / f"tokenizer{suffix}", length, pad)
        _save_encoder(kind, folder / f"text_encoder{suffix}", vocabulary, length, activation)


def write_json(path: Path, content: object) -> None:
    """Write a JSON file as people like to read it."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _save_tokenizer(folder: Path, length: int, pad: str) -> int:
    """Write `vocab.json` and `merges.txt` for a byte-level BPE; returns the vocabulary's size."""
    letters = sorted(ByteLevel.alphabet())
    merges = [("t", "h"), ("th", "e</w>"), ("i", "n"), ("in", "g</w>"), ("a", "n"), ("an", "d</w>")]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(m) for m in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "vocab.json", {token: place for place, token in enumerate(tokens)})
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": pad,
    }
    write_json(folder / "special_tokens_map.json", special)
    write_json(
        folder / "tokenizer_config.json",
        {**special, "model_max_length": length, "tokenizer_class": "CLIPTokenizer"},
    )
    return len(tokens)


def _save_encoder(kind: Any, folder: Path, vocabulary: int, length: int, activation: str) -> None:
    config = CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=length,
        hidden_act=activation,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )
    kind(config).save_pretrained(str(folder))
