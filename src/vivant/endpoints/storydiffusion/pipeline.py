"""From a storyboard to panels: noise, texts, schedule, lockstep, decode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from vivant.base.contract import Events, Picture, Progress
from vivant.diffusion.autoencoder import decode, pixels_per_latent
from vivant.diffusion.consistent_attention import (
    ORDINARY_CHANCES,
    StoryAttention,
    install,
    shares_of,
)
from vivant.diffusion.guidance import effective_guidance
from vivant.diffusion.latents import NoiseStream, latent_shape
from vivant.diffusion.parametrisations import EpsilonPrediction, Parametrisation, VPrediction
from vivant.diffusion.reference import for_pictures, merged, see, without_trigger
from vivant.diffusion.samplers.ode import euler
from vivant.diffusion.schedules import sigmas_for
from vivant.diffusion.story import Cast, Lockstep, SDXLDenoiser
from vivant.diffusion.windows import WindowedTextEncoders
from vivant.endpoints.storydiffusion.endpoint import Storyboard, Take
from vivant.weights.model import StoryModel
from vivant.weights.traits import StoryTraits

AT_ONCE = 3
"""Panels in one evaluation of the network; a guided panel takes two rows. Identity panels share one
evaluation anyway, three of them by default: followers in batches as large take no more memory."""

SMALL_AT_ONCE = 8
"""Panels in one evaluation where each has at most `SMALL` pixels, of which three leave a processor
idle: the embedded model's stories of eight took 0.72 of the time, for 10 MiB."""

SMALL = 256 * 256

SCHEDULES = {"leading": "ddim_uniform", "trailing": "simple", "linspace": "normal"}
"""Our names for the ways in which a model's timesteps are spaced."""


def panels_at_once(board: Storyboard) -> int:
    """How many panels of a storyboard's size one evaluation takes unless told otherwise."""
    return SMALL_AT_ONCE if board.width * board.height <= SMALL else AT_ONCE


def generate(model: StoryModel, board: Storyboard, *, at_once: int | None = None) -> Events:
    """Draw a storyboard's panels, all of them one step at a time.

    Args:
        model: the networks.
        board: what to draw.
        at_once: panels in one evaluation at most, which bounds the memory; by default as many as
            `panels_at_once` says.

    Yields:
        `Progress` after each evaluation, and each panel's `Picture` in the storyboard's order.

    Raises:
        InvalidInput: a size off the model's grid, or steps out of range.
    """
    takes = (*board.identities, *board.followers)
    parametrisation = parametrisation_of(model)
    sigmas = sigmas_for(
        SCHEDULES[model.noise.timestep_spacing], "ddim", board.num_steps, parametrisation
    ).tolist()
    denoiser = replace(denoiser_of(model), with_lora=bool(board.references))
    attention = attention_of(model.traits, board)
    lockstep = Lockstep(
        denoiser, cast_of(model, board), attention, at_once or panels_at_once(board)
    )
    sampling = euler(noise_of(model, board, takes, parametrisation, sigmas[0]), sigmas)
    total, done = board.num_steps * len(takes), 0
    latents, sigma = next(sampling)
    while True:
        clean = []
        for places, prediction in lockstep.evaluate(latents, sigma):
            clean.append(prediction)
            done += len(places)
            yield Progress(done, total, panels=tuple(takes[i].panel for i in places))
        try:
            latents, sigma = sampling.send(torch.cat(clean))
        except StopIteration as finished:
            latents = finished.value
            break
    yield from _pictures(model, board, latents)


def _pictures(model: StoryModel, board: Storyboard, latents: Tensor) -> Iterator[Picture]:
    """Decode the panels that are wanted, one by one."""
    first = len(board.identities) if board.only_followers else 0
    takes = (*board.identities, *board.followers)
    for take, sample in zip(takes[first:], latents[first:], strict=True):
        yield Picture(
            image=decode(model.vae, sample),
            seed=take.seed,
            index=take.panel,
            settings=settings_of(model, board, take),
        )


def settings_of(model: StoryModel, board: Storyboard, take: Take) -> dict[str, object]:
    """How a panel was made."""
    return {
        "prompt": take.prompt,
        "negative_prompt": take.negative_prompt,
        "num_steps": board.num_steps,
        "guidance_scale": board.guidance_scale,
        "seed": take.seed,
        "story_seed": board.seed,
        "num_ids": len(board.identities),
        "sa32_setting": board.sa32,
        "sa64_setting": board.sa64,
        "width": board.width,
        "height": board.height,
        "weights": model.source,
    }


def noise_of(
    model: StoryModel,
    board: Storyboard,
    takes: tuple[Take, ...],
    parametrisation: Parametrisation,
    sigma: float,
) -> Tensor:
    """Start latents of all panels at `sigma`, each from its own seed."""
    shape = latent_shape(
        board.width,
        board.height,
        channels=int(model.unet.config.in_channels),
        pixels_per_latent=pixels_per_latent(model.vae),
        multiple=model.traits.size_multiple,
    )
    noise = [NoiseStream(take.seed, shape, model.device).draw() for take in takes]
    return parametrisation.start(torch.stack(noise), sigma)


def cast_of(model: StoryModel, board: Storyboard) -> Cast:
    """The panels' texts, encoded, all in as many windows as the longest needs."""
    takes = (*board.identities, *board.followers)
    guidance = effective_guidance(board.guidance_scale, model.traits.guidance_factor)
    prompts = [take.prompt for take in takes]
    texts = [[without_trigger(text) if board.references else text for text in prompts]]
    if guidance != 1.0:
        texts.append([take.negative_prompt for take in takes])
    seen = seen_of(model, board)
    if seen is not None:
        texts.append([for_pictures(text, len(seen)) for text in prompts])
    encoders = WindowedTextEncoders(model.text_encoders, model.tokenizers)
    encoded = encoders.encode(list(chain.from_iterable(texts)), model.device, model.dtype)
    count = len(takes)
    cast = Cast(
        positive=encoded[:count],
        negative=encoded[count : 2 * count] if guidance != 1.0 else None,
        guidance=guidance,
        rescale=model.traits.guidance_rescale,
        size=(board.height, board.width),
        guide_sharing=model.traits.guide_sharing,
    )
    if model.identity is None or seen is None:
        return cast
    with_pictures = merged(prompts, encoded[-count:], encoders, seen, model.identity)
    return replace(cast, merged=with_pictures, merged_from=board.merged_from)


def seen_of(model: StoryModel, board: Storyboard) -> Tensor | None:
    """What the references show, [views, width]; None where there are none, or nobody reads them."""
    if model.identity is None or not board.references:
        return None
    sees = model.identity.sees
    return see([reference.views(sees) for reference in board.references], model.identity)


def attention_of(traits: StoryTraits, board: Storyboard) -> StoryAttention:
    """What the panels share."""
    return StoryAttention(
        seed=board.seed,
        identities=len(board.identities),
        shares=shares_of(board.height, board.width, sa32=board.sa32, sa64=board.sa64),
        ordinary_chances=() if traits.share_always else ORDINARY_CHANCES,
    )


def denoiser_of(model: StoryModel) -> SDXLDenoiser:
    """The model's UNet, its attention layers ready for stories, with FreeU where it wants that."""
    install(model.unet)
    freeu = model.traits.freeu
    if freeu is not None:
        model.unet.enable_freeu(s1=freeu.s1, s2=freeu.s2, b1=freeu.b1, b2=freeu.b2)
    lora = None if model.identity is None else model.identity.lora
    return SDXLDenoiser(model.unet, parametrisation_of(model), model.dtype, lora)


def parametrisation_of(model: StoryModel) -> Parametrisation:
    """The noise levels and the kind of prediction that the model was trained with."""
    noise = model.noise
    kinds = {"epsilon": EpsilonPrediction, "v_prediction": VPrediction}
    return kinds[noise.prediction_type](
        noise.beta_start,
        noise.beta_end,
        noise.beta_schedule,
        zero_snr=noise.rescale_betas_zero_snr,
    )
