"""From a prompt and a pose to pictures: noise, conditions, schedule, denoise, decode, picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from vivant.base.contract import Event, Events, Picture, Progress
from vivant.diffusion.autoencoder import decode, encode, pixels_per_latent, preview
from vivant.diffusion.denoisers import PoseCondition, SD3Denoiser
from vivant.diffusion.drive import Driver, Sample
from vivant.diffusion.guidance import effective_guidance
from vivant.diffusion.latents import NoiseStream, latent_shape
from vivant.diffusion.parametrisations import Parametrisation, RectifiedFlow
from vivant.diffusion.samplers.registry import sampler_by_name
from vivant.diffusion.schedules import sigmas_for
from vivant.diffusion.text import TextEncoders
from vivant.endpoints.sd3_med_pose.endpoint import SizedRequest
from vivant.weights.model import PoseModel

MAX_ROWS = 16
"""Rows of one network evaluation; a guided picture takes two."""


@dataclass(frozen=True)
class Order:
    """A request with its control map: an RGB drawing of the skeletons, of the output's size."""

    request: SizedRequest
    control_map: Image.Image


PoseSample: TypeAlias = Sample[PoseCondition]


def generate(
    model: PoseModel,
    request: SizedRequest,
    control_map: Image.Image,
    *,
    preview_every: int = 0,
    max_rows: int = MAX_ROWS,
) -> Events:
    """Makes a request's pictures.

    Args:
        model: the networks.
        request: prompt, size and settings; sample j uses seed + j.
        control_map: the skeletons' drawing, RGB, of the output's size.
        preview_every: a `Progress` of every so many steps carries a small picture, made by decoding
            the first sample's clean prediction at low resolution; 0 for none.
        max_rows: rows of one network evaluation at most.

    Yields:
        `Progress` as steps are done by all samples, and each `Picture` in its order.

    Raises:
        InvalidInput: unknown sampler or scheduler, size off the grid, or steps out of range.
        ValueError: the control map is not of the output's size.
    """
    orders = [Order(request, control_map)]
    together = generate_together(model, orders, preview_every=preview_every, max_rows=max_rows)
    for _, event in together:
        yield event


def generate_together(
    model: PoseModel,
    orders: Sequence[Order],
    *,
    preview_every: int = 0,
    max_rows: int = MAX_ROWS,
) -> Iterator[tuple[int, Event]]:
    """Makes the pictures of several requests in shared batches; arguments as in `generate`.

    Yields:
        (place in `orders`, event). Each request's events are those that it would have alone, with
        pictures equal to within rounding.
    """
    driver = Driver(denoiser_of(model), max_rows)
    under_way = [UnderWay(model, order, start(model, order), preview_every) for order in orders]
    for each in under_way:
        driver.add(each.samples)
    while driver.samples:
        driver.advance()
        for place, each in enumerate(under_way):
            for event in each.news():
                yield place, event


def start(model: PoseModel, order: Order) -> list[PoseSample]:
    """A request's samples, ready for a `Driver`: noise, conditions, schedule."""
    request = order.request
    parametrisation = parametrisation_of(model)
    sampler = sampler_by_name(request.sampler)
    sigmas = sigmas_for(
        request.scheduler, request.sampler, request.num_inference_steps, parametrisation
    ).tolist()
    shape = latent_shape_of(model, request)
    positive, negative = conditions(model, order)
    samples = []
    for j in range(request.samples):
        noise = NoiseStream(request.seed + j, shape, model.device)
        latents = parametrisation.start(noise.draw(), sigmas[0])
        samples.append(
            Sample(
                sampling=sampler(latents, sigmas, parametrisation, noise),
                sigmas=sigmas,
                positive=positive,
                negative=negative,
                guidance=effective_guidance(request.guidance_scale, model.traits.guidance_factor),
                rescale=model.traits.guidance_rescale,
            )
        )
    return samples


def conditions(model: PoseModel, order: Order) -> tuple[PoseCondition, PoseCondition | None]:
    """What to show and what not to; None for the latter where guidance is off."""
    request = order.request
    if order.control_map.size != (request.width, request.height):
        raise ValueError(
            f"the control map is {order.control_map.size}, "
            f"not of the output's size {(request.width, request.height)}"
        )
    off = effective_guidance(request.guidance_scale, model.traits.guidance_factor) == 1.0
    texts = [request.prompt] if off else [request.prompt, request.negative_prompt]
    text = text_encoders_of(model).encode(texts, model.device, model.dtype)
    control = None
    if request.strength != 0.0:
        # The nets that take no pooled text were trained on latents without the shift, too.
        shifted = not model.controlnet.config.force_zeros_for_pooled_projection
        control = encode(model.vae, order.control_map, model.device, shifted=shifted)
    positive = PoseCondition(text.tokens[0], text.pooled[0], control, request.strength)
    if off:
        return positive, None
    strength = request.strength * (1 - model.traits.guide_pose)
    negative = PoseCondition(text.tokens[1], text.pooled[1], control, strength)
    return positive, negative


def denoiser_of(model: PoseModel) -> SD3Denoiser:
    """The model's networks as one function."""
    return SD3Denoiser(
        transformer=model.transformer,
        controlnet=model.controlnet,
        parametrisation=parametrisation_of(model),
        dtype=model.dtype,
    )


def parametrisation_of(model: PoseModel) -> Parametrisation:
    """A rectified flow with the model's time shift."""
    return RectifiedFlow(model.traits.shift)


def text_encoders_of(model: PoseModel) -> TextEncoders:
    """The model's text encoders as one."""
    return TextEncoders(
        clip=model.text_encoders,
        clip_tokenizers=model.tokenizers,
        t5=model.text_encoder_3,
        t5_tokenizer=model.tokenizer_3,
        width=int(model.transformer.config.joint_attention_dim),
        extra_tokens=model.traits.zero_text_tokens,
    )


class UnderWay:
    """One request's samples, and what has been told of them.

    Args:
        model: the networks.
        order: the request.
        samples: as `start` gives them.
        preview_every: as in `generate`.
    """

    def __init__(
        self, model: PoseModel, order: Order, samples: Sequence[PoseSample], preview_every: int
    ) -> None:
        self.samples = samples
        self.size = order.request.width, order.request.height
        self._model = model
        self._request = order.request
        self._preview_every = preview_every
        self._step = 0
        self._pictures = 0

    @property
    def rows(self) -> int:
        """Rows of a batch that the request's samples take."""
        return sum(sample.rows for sample in self.samples)

    @property
    def told_all(self) -> bool:
        """Whether every picture has been told."""
        return self._pictures == len(self.samples)

    def news(self) -> Iterator[Event]:
        """What has happened since the last call."""
        step = min(sample.step for sample in self.samples)
        total = self._request.num_inference_steps
        if step > self._step:
            self._step = step
            yield Progress(step, total, self._preview() if self._previews(step, total) else None)
        while self._pictures < len(self.samples):
            latents = self.samples[self._pictures].latents
            if latents is None:
                return
            image = decode(self._model.vae, latents)
            yield picture(self._model, self._request, image, index=self._pictures)
            self._pictures += 1

    def _previews(self, step: int, total: int) -> bool:
        return self._preview_every > 0 and step % self._preview_every == 0 and step < total

    def _preview(self) -> Image.Image | None:
        clean = self.samples[0].clean
        return None if clean is None else preview(self._model.vae, clean)


def picture(model: PoseModel, request: SizedRequest, image: Image.Image, *, index: int) -> Picture:
    """A finished picture with the settings that make it again, alone."""
    seed = request.seed + index
    return Picture(
        image=image,
        seed=seed,
        index=index,
        settings={
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "num_inference_steps": request.num_inference_steps,
            "guidance_scale": request.guidance_scale,
            "seed": seed,
            "strength": request.strength,
            "sampler": request.sampler,
            "scheduler": request.scheduler,
            "width": request.width,
            "height": request.height,
            "weights": model.source,
        },
        warnings=warnings_of(model, request),
    )


def warnings_of(model: PoseModel, request: SizedRequest) -> tuple[str, ...]:
    """What of the texts the model has no room for."""
    encoders = text_encoders_of(model)
    texts = {"prompt": request.prompt, "negative_prompt": request.negative_prompt}
    ends = {field: encoders.unread(text) for field, text in texts.items()}
    return tuple(
        f"{field}: too long for this model, which did not read its end, {end!r}"
        for field, end in ends.items()
        if end
    )


def latent_shape_of(model: PoseModel, request: SizedRequest) -> tuple[int, int, int]:
    """Shape of one sample's latents.

    Raises:
        InvalidInput: the size is off the model's grid, or beyond its positions.
    """
    factor = pixels_per_latent(model.vae)
    net = model.transformer.config
    return latent_shape(
        request.width,
        request.height,
        channels=int(net.in_channels),
        pixels_per_latent=factor,
        multiple=model.traits.size_multiple,
        largest=int(net.pos_embed_max_size * net.patch_size) * factor,
    )
