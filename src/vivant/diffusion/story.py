"""All panels of a story, one step at a time: identity panels first, then those that follow them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from vivant.diffusion.consistent_attention import Role, StoryAttention
from vivant.diffusion.guidance import guided
from vivant.diffusion.parametrisations import Parametrisation
from vivant.diffusion.text import EncodedText
from vivant.weights.identity import LoraSwitch


@dataclass(frozen=True)
class SDXLDenoiser:
    """An SDXL UNet, prepared by `consistent_attention.install`.

    Attributes:
        unet: predicts noise or v.
        parametrisation: which of them, and the noise levels.
        dtype: that the network runs in; latents stay float32 outside.
        lora: the network's, if it has one.
        with_lora: whether it counts here.
    """

    unet: UNet2DConditionModel
    parametrisation: Parametrisation
    dtype: torch.dtype
    lora: LoraSwitch | None = None
    with_lora: bool = False

    @torch.inference_mode()
    def denoise(
        self,
        x: Tensor,
        sigma: Tensor,
        text: EncodedText,
        sizes: Tensor,
        rows_are: dict[str, Any],
    ) -> Tensor:
        """The clean prediction of rows that share one story's attention.

        Args:
            x: latents, [rows, channels, height, width], float32.
            sigma: one for each row.
            text: one for each row.
            sizes: [rows, 6]: original height and width, top and left of the crop, target height and
                width, in pixels (Podell et al. 2023, arXiv 2307.01952, sec. 2.2).
            rows_are: what `StoryAttention.rows_are` says of them.

        Returns:
            float32, of the shape of x.
        """
        level = sigma.reshape(-1, 1, 1, 1)
        if self.lora is not None:
            self.lora.set(on=self.with_lora)
        output: Tensor = self.unet(
            self.parametrisation.net_input(x, level).to(self.dtype),
            self.parametrisation.timestep(sigma),
            encoder_hidden_states=text.tokens.to(self.dtype),
            added_cond_kwargs={"text_embeds": text.pooled.to(self.dtype), "time_ids": sizes},
            cross_attention_kwargs=rows_are,
            return_dict=False,
        )[0]
        return self.parametrisation.clean(x, level, output.float())


@dataclass(frozen=True)
class Cast:
    """What the panels of a story are to show.

    Attributes:
        positive: the panels' texts, identity panels first, one row each.
        negative: what they are not to show, one row each; None for no guidance, at half the cost.
        guidance: scale of the difference between the two.
        rescale: how far guided predictions go back to the unguided spread, 0 to 1.
        size: height and width of a panel in pixels.
        merged: the texts with a reference picture in them; None where there is none.
        merged_from: the first step, from 0, that reads them in place of `positive`.
        guide_sharing: whether unguided predictions share nothing, so that guidance leads towards
            what panels have in common as well as towards their words.
    """

    positive: EncodedText
    negative: EncodedText | None
    guidance: float
    rescale: float
    size: tuple[int, int]
    merged: EncodedText | None = None
    merged_from: int = 0
    guide_sharing: bool = False

    def texts(self, step: int) -> EncodedText:
        """What the panels are to show, as a step reads it."""
        if self.merged is None or step < self.merged_from:
            return self.positive
        return self.merged


@dataclass
class Lockstep:
    """Clean predictions for a whole story, step by step.

    Attributes:
        denoiser: the network.
        cast: what the panels show; the first `attention.identities` of them are identity panels.
        attention: what they share.
        at_once: panels in one evaluation of the network at most, 1 or more: the whole story, if it
            has no more; else identity panels share one, since they see each other, and followers
            come after them.
    """

    denoiser: SDXLDenoiser
    cast: Cast
    attention: StoryAttention
    at_once: int = 8
    _step: int = field(default=0, init=False)

    def evaluate(self, x: Tensor, sigma: float) -> Iterator[tuple[range, Tensor]]:
        """One step's predictions, chunk by chunk.

        Args:
            x: latents of all panels, [panels, channels, height, width].
            sigma: of all of them.

        Yields:
            (places of the chunk's panels, their clean predictions), in the panels' order.
        """
        self.attention.begin(self._step)
        for role, places in self._parts(len(x)):
            yield places, self._chunk(x, sigma, places, role)
        self._step += 1

    def _parts(self, panels: int) -> Iterator[tuple[Role, range]]:
        """What the network evaluates one after the other."""
        identities = self.attention.identities
        if identities < panels <= self.at_once:
            yield Role.WHOLE, range(panels)
            return
        yield Role.IDENTITY, range(identities)
        for start in range(identities, panels, self.at_once):
            yield Role.FOLLOWER, range(start, min(start + self.at_once, panels))

    def _chunk(self, x: Tensor, sigma: float, places: range, role: Role) -> Tensor:
        cast, rows = self.cast, slice(places.start, places.stop)
        latents, text = x[rows], cast.texts(self._step)[rows]
        if cast.negative is None:
            return self._predict(latents, sigma, text, self.attention.rows_are(role))
        unguided = cast.negative[rows]
        both = EncodedText(
            tokens=torch.cat([text.tokens, unguided.tokens]),
            pooled=torch.cat([text.pooled, unguided.pooled]),
        )
        if cast.guide_sharing:
            rows_are = self.attention.rows_are(role, alone=len(places))
        else:
            rows_are = self.attention.rows_are(role, groups=2)
        clean = self._predict(latents.repeat(2, 1, 1, 1), sigma, both, rows_are)
        positive, negative = clean.chunk(2)
        each = x.new_ones(len(places))
        return guided(
            positive,
            negative,
            each * cast.guidance,
            each * cast.rescale if cast.rescale else None,
        )

    def _predict(
        self, x: Tensor, sigma: float, text: EncodedText, rows_are: dict[str, Any]
    ) -> Tensor:
        height, width = self.cast.size
        sizes = x.new_tensor([height, width, 0, 0, height, width]).repeat(len(x), 1)
        levels = torch.full((len(x),), sigma, device=x.device)
        return self.denoiser.denoise(x, levels, text, sizes, rows_are)
