"""Networks as functions `denoise(x, sigma) -> clean latents`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

import torch
from diffusers import SD3ControlNetModel, SD3Transformer2DModel
from torch import Tensor

from vivant.diffusion.parametrisations import Parametrisation

Denoise: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""(x [rows, channels, height, width], sigma [rows]) -> clean prediction, float32, like x."""

C_contra = TypeVar("C_contra", contravariant=True)


class Denoiser(Protocol[C_contra]):
    """A model that can be told what each row of a batch is to show."""

    @property
    def parametrisation(self) -> Parametrisation:
        """How the model mixes clean latents and noise."""
        ...

    def bind(self, rows: Sequence[C_contra]) -> Denoise:
        """The model for a batch of rows with these conditions, kept for as many calls as wanted."""
        ...


@dataclass(frozen=True)
class PoseCondition:
    """What one row is to show.

    Attributes:
        tokens: encoded text, [length, width].
        pooled: its summary, [width].
        control: latents of the control map, [channels, height, width]; None without control.
        strength: of the control net, 0 or more; 0 runs no control net.
    """

    tokens: Tensor
    pooled: Tensor
    control: Tensor | None = None
    strength: float = 0.0

    @property
    def controlled(self) -> bool:
        """Whether the control net has anything to do for this row."""
        return self.control is not None and self.strength != 0.0


@dataclass(frozen=True)
class SD3Denoiser:
    """Stable Diffusion 3 with a control net that reads the VAE's latents of a drawing.

    Attributes:
        transformer: predicts the velocity.
        controlnet: adds to the transformer's hidden states; not run for rows without control.
        parametrisation: a rectified flow with the model's shift.
        dtype: that the networks run in; latents stay float32 outside.
    """

    transformer: SD3Transformer2DModel
    controlnet: SD3ControlNetModel
    parametrisation: Parametrisation
    dtype: torch.dtype

    @torch.inference_mode()
    def bind(self, rows: Sequence[PoseCondition]) -> Denoise:
        """Stacks the rows' conditions once, for all steps."""
        tokens = torch.stack([row.tokens for row in rows]).to(self.dtype)
        pooled = torch.stack([row.pooled for row in rows]).to(self.dtype)
        control = _Control.of(self.controlnet, rows, tokens, pooled, self.dtype)

        @torch.inference_mode()
        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            timestep = self.parametrisation.timestep(sigma)
            latents = self.parametrisation.net_input(x, sigma).to(self.dtype)
            added = control.residuals(latents, timestep) if control is not None else None
            velocity: Tensor = self.transformer(
                hidden_states=latents,
                timestep=timestep,
                encoder_hidden_states=tokens,
                pooled_projections=pooled,
                block_controlnet_hidden_states=added,
                return_dict=False,
            )[0]
            return self.parametrisation.clean(x, sigma.reshape(-1, 1, 1, 1), velocity.float())

        return denoise


@dataclass(frozen=True)
class _Control:
    """The control net, with the conditions of those rows of a batch that want it."""

    net: SD3ControlNetModel
    rows: int
    wanted: Tensor | None
    """Indices of the controlled rows; None if all are."""
    drawing: Tensor
    strength: float | Tensor
    """One for all rows, or [controlled rows, 1, 1]."""
    tokens: Tensor | None
    pooled: Tensor

    @staticmethod
    def of(
        net: SD3ControlNetModel,
        rows: Sequence[PoseCondition],
        tokens: Tensor,
        pooled: Tensor,
        dtype: torch.dtype,
    ) -> _Control | None:
        """None if no row is controlled."""
        places = [i for i, row in enumerate(rows) if row.controlled]
        if not places:
            return None
        wanted = None if len(places) == len(rows) else torch.tensor(places, device=tokens.device)
        if wanted is not None:
            tokens, pooled = tokens[wanted], pooled[wanted]
        drawings = [rows[i].control for i in places]
        strengths = [rows[i].strength for i in places]
        each = torch.tensor(strengths, dtype=dtype, device=tokens.device).reshape(-1, 1, 1)
        return _Control(
            net=net,
            rows=len(rows),
            wanted=wanted,
            drawing=torch.stack([drawing for drawing in drawings if drawing is not None]).to(dtype),
            strength=strengths[0] if len(set(strengths)) == 1 else each,
            # What the published control nets were trained with: their configuration tells.
            tokens=None if net.config.joint_attention_dim is None else tokens,
            pooled=(
                torch.zeros_like(pooled) if net.config.force_zeros_for_pooled_projection else pooled
            ),
        )

    def residuals(self, latents: Tensor, timestep: Tensor) -> list[Tensor]:
        """What to add after each of the transformer's blocks; zeros for uncontrolled rows."""
        if self.wanted is not None:
            latents, timestep = latents[self.wanted], timestep[self.wanted]
        added: list[Tensor] = self.net(
            hidden_states=latents,
            timestep=timestep,
            encoder_hidden_states=self.tokens,
            pooled_projections=self.pooled,
            controlnet_cond=self.drawing,
            conditioning_scale=self.strength,
            return_dict=False,
        )[0]
        if self.wanted is None:
            return added
        return [
            residual.new_zeros((self.rows, *residual.shape[1:])).index_copy(
                0, self.wanted, residual
            )
            for residual in added
        ]
