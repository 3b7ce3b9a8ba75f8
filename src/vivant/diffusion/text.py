"""Prompts as Stable Diffusion 3 reads them: two CLIPs side by side, then T5 if there is one.

Esser et al. 2024 (arXiv 2403.03206), sec. 4 and figure 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import (
    CLIPTextModelWithProjection,
    PreTrainedTokenizerBase,
    T5EncoderModel,
)

T5_TOKENS = 256
"""Length of T5's part where the model does not say; the published pipelines' default."""


@dataclass(frozen=True)
class EncodedText:
    """Texts, ready for the network.

    Attributes:
        tokens: [texts, length, joint_attention_dim].
        pooled: [texts, sum of both CLIPs' projections].
    """

    tokens: Tensor
    pooled: Tensor

    def __getitem__(self, places: slice | list[int]) -> EncodedText:
        """The texts at some places."""
        return EncodedText(tokens=self.tokens[places], pooled=self.pooled[places])


@dataclass(frozen=True)
class TextEncoders:
    """The encoders and tokenizers of one model.

    Attributes:
        clip: two encoders.
        clip_tokenizers: theirs.
        t5: the large encoder, or None.
        t5_tokenizer: its tokenizer, or None.
        width: of the tokens that the network takes (its joint_attention_dim).
        extra_tokens: length of T5's part, or of the zeros that stand in its place; 0 for none.
    """

    clip: tuple[CLIPTextModelWithProjection, CLIPTextModelWithProjection]
    clip_tokenizers: tuple[PreTrainedTokenizerBase, PreTrainedTokenizerBase]
    t5: T5EncoderModel | None
    t5_tokenizer: PreTrainedTokenizerBase | None
    width: int
    extra_tokens: int

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], device: torch.device, dtype: torch.dtype) -> EncodedText:
        """Encodes texts; whatever exceeds an encoder's length is cut off.

        Returns:
            Both CLIPs' tokens joined along the width and padded with zeros to `width`, followed by
            `extra_tokens` tokens of T5 or zeros; and both CLIPs' projections joined.
        """
        # Both CLIPs are given the first one's length: their tokens are joined one by one.
        length = int(self.clip_tokenizers[0].model_max_length)
        parts, pooled = [], []
        for encoder, tokenizer in zip(self.clip, self.clip_tokenizers, strict=True):
            output = encoder(_ids(tokenizer, texts, length, device), output_hidden_states=True)
            # The last but one layer, as both were trained to be read (Esser et al. 2024).
            parts.append(output.hidden_states[-2])
            pooled.append(output[0])
        tokens = torch.cat(parts, dim=-1).to(dtype)
        tokens = F.pad(tokens, (0, self.width - tokens.shape[-1]))
        extra = self._extra(texts, tokens)
        return EncodedText(
            tokens=tokens if extra is None else torch.cat([tokens, extra], dim=1),
            pooled=torch.cat(pooled, dim=-1).to(dtype),
        )

    def unread(self, text: str) -> str:
        """The end of a text that no encoder has room for; empty where all of it is read."""
        length = int(self.clip_tokenizers[0].model_max_length)
        tails = [_beyond(tokenizer, text, length) for tokenizer in self.clip_tokenizers]
        if self.t5 is not None and self.t5_tokenizer is not None:
            tails.append(_beyond(self.t5_tokenizer, text, self.extra_tokens or T5_TOKENS))
        return min(tails, key=len)

    def _extra(self, texts: Sequence[str], like: Tensor) -> Tensor | None:
        if self.t5 is not None and self.t5_tokenizer is not None:
            ids = _ids(self.t5_tokenizer, texts, self.extra_tokens or T5_TOKENS, like.device)
            tokens: Tensor = self.t5(ids)[0]
            return tokens.to(like.dtype)
        if self.extra_tokens:
            return like.new_zeros((len(texts), self.extra_tokens, self.width))
        return None


def _beyond(tokenizer: PreTrainedTokenizerBase, text: str, length: int) -> str:
    ids = tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    room = length - int(tokenizer.num_special_tokens_to_add())
    return str(tokenizer.decode(ids[room:])).strip()


def _ids(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], length: int, device: torch.device
) -> Tensor:
    encoded = tokenizer(
        list(texts), padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    )
    ids: Tensor = encoded.input_ids
    return ids.to(device)
