"""Muon for matrices, AdamW for the rest, and a warm-up / hold / cosine learning rate.

Muon: K. Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the step is
scaled by 0.2 sqrt(max(rows, columns)) so that its RMS matches AdamW's (Liu et al. 2025,
arXiv 2502.16982). Convolution kernels count as matrices [out, in * kh * kw].
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


def orthogonalise(matrices: Tensor, iterations: int = 5) -> Tensor:
    """Five Newton-Schulz steps towards the nearest semi-orthogonal matrices, in bfloat16.

    Args:
        matrices: [count, rows, columns]; many small products in one call are half the work.
        iterations: steps.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(iterations):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum, Nesterov, then orthogonalisation, for parameters of two or more dimensions."""

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """One update of every parameter that has a gradient; `closure` is not called."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    alike[p.flatten(1).shape].append(p)
            for shape, params in alike.items():
                updates = torch.stack([self._update(p, group["momentum"]) for p in params])
                scale = 0.2 * math.sqrt(max(shape))
                for p, update in zip(params, orthogonalise(updates), strict=True):
                    p.mul_(1 - group["lr"] * group["decay"])
                    p.add_(update.view_as(p), alpha=-group["lr"] * scale)

    def _update(self, p: Tensor, momentum: float) -> Tensor:
        """The gradient with Nesterov momentum, as a matrix."""
        state = self.state[p]
        if not state:
            state["momentum"] = torch.zeros_like(p)
        state["momentum"].lerp_(p.grad, 1 - momentum)  # type: ignore[arg-type]  # there is one
        return p.grad.lerp(state["momentum"], momentum).flatten(1)  # type: ignore[union-attr]


class Optimisers:
    """Both optimisers behind one `step`, with one schedule over the share of training done.

    Args:
        modules: the networks; every embedding, norm, bias and final layer goes to AdamW.
        lr: Muon's peak rate; AdamW uses `adam_lr`.
        not_matrices: names that AdamW takes although they are matrices.
    """

    def __init__(
        self,
        modules: Iterable[nn.Module],
        lr: float,
        adam_lr: float,
        not_matrices: tuple[str, ...] = ("embed", "conv_in", "conv_out", "proj_out", "norm"),
        hold: float = 0.4,
    ) -> None:
        matrices, others = [], []
        for module in modules:
            for name, p in module.named_parameters():
                if p.requires_grad:
                    plain = p.ndim < 2 or any(word in name for word in not_matrices)
                    (others if plain else matrices).append(p)
        self.muon = Muon(matrices, lr)
        self.adam = torch.optim.AdamW(others, adam_lr, betas=(0.9, 0.98), weight_decay=0.0)
        self.peaks = (lr, adam_lr)
        self.hold = hold

    def set_progress(self, done: float) -> float:
        """Set the rates for a share of training done (0 to 1); returns Muon's rate."""
        warm = min(1.0, done / 0.01 + 0.02)
        cool = max(0.0, (done - self.hold) / max(1 - self.hold, 1e-6))
        factor = warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(cool, 1.0))))
        for optimiser, peak in zip((self.muon, self.adam), self.peaks, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = peak * factor
        return self.peaks[0] * factor

    def step(self) -> None:
        """Update and clear gradients."""
        for optimiser in (self.muon, self.adam):
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """For checkpoints."""
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """From a checkpoint."""
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])


class Average:
    """An exponential moving average of parameters; `copy_to` puts it into the networks."""

    def __init__(self, modules: Iterable[nn.Module], decay: float) -> None:
        self.params = [p for m in modules for p in m.parameters() if p.requires_grad]
        self.shadow = [p.detach().clone() for p in self.params]
        self.decay = decay

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Fold in the current values; young averages forget faster."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.shadow, [p.detach() for p in self.params], 1 - decay)

    @torch.no_grad()
    def copy_to(self) -> None:
        """Overwrite the live parameters with the average."""
        for p, s in zip(self.params, self.shadow, strict=True):
            p.copy_(s)
