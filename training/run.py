"""One training run: its clock, its average, its checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from training.optimiser import Average, Optimisers


class Run:
    """Trains `net` for a number of minutes, over as many starts as it takes.

    Args:
        net: what is trained.
        optimisers: its optimisers; the schedule runs over the share of minutes spent.
        checkpoint: file to resume from and save to.
        minutes: of training in all, earlier starts counted in.
        decay: of the weights' moving average.
    """

    def __init__(
        self, net: nn.Module, optimisers: Optimisers, checkpoint: Path, minutes: float, decay: float
    ) -> None:
        self.net, self.optimisers, self.checkpoint = net, optimisers, checkpoint
        self.minutes, self.decay = minutes, decay
        self.average = Average([net], decay)
        self.step, spent = 0, 0.0
        self.loss: float | None = None
        if checkpoint.exists():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            net.load_state_dict(state["net"])
            optimisers.load_state_dict(state["optimisers"])
            for mine, saved in zip(self.average.shadow, state["average"], strict=True):
                mine.copy_(saved)
            spent, self.step = state["spent"], state["step"]
        self.first = self.step
        self.begun = time.monotonic() - spent
        self.resumed = time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds of training so far."""
        return time.monotonic() - self.begun

    @property
    def done(self) -> float:
        """Share of the minutes spent, 0 to 1 and beyond."""
        return self.spent / 60 / self.minutes

    def learn(self, loss: Tensor, clip: float | None = None) -> None:
        """One update from a loss; `clip` bounds the gradient's norm."""
        self.optimisers.set_progress(self.done)
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), clip)
        self.optimisers.step()
        self.average.update(self.step)
        self.step += 1
        if self.step % 10 == 0:
            now = loss.item()
            self.loss = now if self.loss is None else 0.95 * self.loss + 0.05 * now

    def say(self, batch: int, more: str = "") -> None:
        """Print where the run stands."""
        speed = (self.step - self.first) * batch / (time.monotonic() - self.resumed)
        loss = f"{self.loss:.4f}" if self.loss is not None else "-"
        print(
            f"{self.spent / 60:.1f} min step {self.step} loss {loss} {speed:.0f}/s {more}",
            flush=True,
        )

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "optimisers": self.optimisers.state_dict(),
            "average": self.average.shadow,
            "spent": self.spent,
            "step": self.step,
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The network holds its average inside, its own weights again afterwards."""
        live = [p.detach().clone() for p in self.average.params]
        self.average.copy_to()
        try:
            yield
        finally:
            with torch.no_grad():
                for p, value in zip(self.average.params, live, strict=True):
                    p.copy_(value)
