"""Many samplers, one network: advances samples of all requests together, an evaluation at a time.

Samples of one latent size share batches whatever their prompts, samplers, steps and guidance are,
since a sampler only ever asks for the clean prediction at its own latents and sigma. A waiting line
can call `Driver.advance` for as long as it likes, adding and removing samples between calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch
from torch import Tensor

from vivant.diffusion.denoisers import Denoise, Denoiser
from vivant.diffusion.guidance import guided
from vivant.diffusion.samplers.common import Sampling

C = TypeVar("C")


@dataclass(eq=False)
class Sample(Generic[C]):
    """One picture on its way from noise.

    Attributes:
        sampling: a sampler that has not been started.
        sigmas: its schedule, for counting steps; descending.
        positive: what to show.
        negative: what not to show; None for no guidance, at half the cost.
        guidance: scale of the difference between the two; without effect if `negative` is None.
        rescale: how far guided predictions go back to the unguided spread, 0 to 1.
        clean: the latest clean prediction, [channels, height, width]; None before the first.
        latents: the result; None until finished.
    """

    sampling: Sampling
    sigmas: Sequence[float]
    positive: C
    negative: C | None = None
    guidance: float = 1.0
    rescale: float = 0.0
    clean: Tensor | None = None
    latents: Tensor | None = None
    _asked: tuple[Tensor, float] | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """Rows of a batch that one evaluation takes."""
        return 1 if self.negative is None else 2

    @property
    def total(self) -> int:
        """Steps in all."""
        return len(self.sigmas) - 1

    @property
    def step(self) -> int:
        """Sigmas of the schedule that have been reached, 0 to `total`."""
        if self.latents is not None:
            return self.total
        if self._asked is None:
            return 0
        return sum(self._asked[1] <= sigma for sigma in self.sigmas[1:-1])

    def asked(self) -> tuple[Tensor, float]:
        """Latents and sigma at which the sampler wants the clean prediction."""
        if self._asked is None:
            self._asked = next(self.sampling)
        return self._asked

    def answer(self, clean: Tensor) -> None:
        """Gives the sampler what it asked for."""
        self.clean = clean
        try:
            self._asked = self.sampling.send(clean)
        except StopIteration as finished:
            self.latents = finished.value


class Driver(Generic[C]):
    """Runs samples together.

    Args:
        denoiser: the network.
        max_rows: rows of one evaluation at most, 2 or more; a guided sample takes two, which stay
            together.
    """

    def __init__(self, denoiser: Denoiser[C], max_rows: int = 16) -> None:
        if max_rows < 2:
            raise ValueError(f"a guided sample takes 2 rows; max_rows cannot be {max_rows}")
        self._denoiser = denoiser
        self._max_rows = max_rows
        self._samples: list[Sample[C]] = []
        self._batches: dict[tuple[Sample[C], ...], _Batch[C]] = {}

    @property
    def samples(self) -> tuple[Sample[C], ...]:
        """Those under way, in the order they came."""
        return tuple(self._samples)

    def add(self, samples: Iterable[Sample[C]]) -> None:
        """Lets samples take part from the next evaluation on."""
        self._samples.extend(samples)

    def remove(self, samples: Iterable[Sample[C]]) -> None:
        """Drops samples, finished or not, and their memory; unknown ones are ignored."""
        gone = set(samples)
        self._samples = [sample for sample in self._samples if sample not in gone]
        self._batches = {
            batch: bound for batch, bound in self._batches.items() if gone.isdisjoint(batch)
        }

    @torch.inference_mode()
    def advance(self) -> list[Sample[C]]:
        """Evaluates the network once for every sample under way.

        Returns:
            The samples that finished; they are no longer under way.
        """
        batches = {}
        for chunk in self._chunks():
            # Conditions are stacked anew only when a batch's company changes.
            batches[chunk] = self._batches.get(chunk) or _Batch.of(chunk, self._denoiser)
            batches[chunk].evaluate()
        self._batches = batches
        finished = [sample for sample in self._samples if sample.latents is not None]
        if finished:
            self.remove(finished)
        return finished

    def _chunks(self) -> Iterator[tuple[Sample[C], ...]]:
        by_shape: dict[torch.Size, list[Sample[C]]] = {}
        for sample in self._samples:
            by_shape.setdefault(sample.asked()[0].shape, []).append(sample)
        for alike in by_shape.values():
            chunk: list[Sample[C]] = []
            for sample in alike:
                if sum(other.rows for other in chunk) + sample.rows > self._max_rows:
                    yield tuple(chunk)
                    chunk = []
                chunk.append(sample)
            yield tuple(chunk)


@dataclass(frozen=True)
class _Batch(Generic[C]):
    """Samples that are evaluated together: all positive rows, then the negative ones."""

    samples: tuple[Sample[C], ...]
    denoise: Denoise
    guided: tuple[int, ...]
    """Places of the guided samples."""
    scale: Tensor
    rescale: Tensor | None

    @staticmethod
    def of(samples: tuple[Sample[C], ...], denoiser: Denoiser[C]) -> _Batch[C]:
        negatives = [sample.negative for sample in samples if sample.negative is not None]
        places = tuple(i for i, sample in enumerate(samples) if sample.negative is not None)
        device = samples[0].asked()[0].device
        rescale = [samples[i].rescale for i in places]
        return _Batch(
            samples=samples,
            denoise=denoiser.bind([*(sample.positive for sample in samples), *negatives]),
            guided=places,
            scale=torch.tensor([samples[i].guidance for i in places], device=device),
            rescale=torch.tensor(rescale, device=device) if any(rescale) else None,
        )

    def evaluate(self) -> None:
        asked = [sample.asked() for sample in self.samples]
        asked += [asked[i] for i in self.guided]
        x = torch.stack([latents for latents, _ in asked])
        sigma = torch.tensor([sigma for _, sigma in asked], dtype=torch.float32, device=x.device)
        clean = self.denoise(x, sigma)
        count = len(self.samples)
        predictions = list(clean[:count].unbind())
        if self.guided:
            positive = torch.stack([predictions[i] for i in self.guided])
            better = guided(positive, clean[count:], self.scale, self.rescale)
            for place, prediction in zip(self.guided, better, strict=True):
                predictions[place] = prediction
        for sample, prediction in zip(self.samples, predictions, strict=True):
            sample.answer(prediction)
