from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    SD3ControlNetModel,
    StableDiffusion3ControlNetPipeline,
)
from PIL import Image, ImageDraw

from vivant.base.contract import Event, Picture, Progress
from vivant.base.errors import InvalidInput
from vivant.diffusion.drive import Driver
from vivant.diffusion.latents import NoiseStream
from vivant.diffusion.schedules import sigmas_for
from vivant.endpoints.sd3_med_pose.endpoint import SizedRequest
from vivant.endpoints.sd3_med_pose.pipeline import (
    Order,
    conditions,
    denoiser_of,
    generate,
    generate_together,
    parametrisation_of,
    start,
)
from vivant.weights.load import load_pose_model
from vivant.weights.model import PoseModel
from vivant.weights.quiet import quiet_libraries
from vivant.weights.tiny import save_tiny_pose_model

DEFAULT = SizedRequest(
    prompt="a girl in a suit",
    negative_prompt="low quality",
    num_inference_steps=4,
    guidance_scale=7.0,
    seed=11,
    samples=1,
    strength=0.8,
    sampler="dpmpp_2m",
    scheduler="sgm_uniform",
    width=64,
    height=48,
)


def asked(**changes: Any) -> SizedRequest:
    return replace(DEFAULT, **changes)


class CountingControlNet(SD3ControlNetModel):  # type: ignore[misc]  # diffusers is untyped
    calls = 0

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return super().forward(*args, **kwargs)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_pose_model(tmp_path_factory.mktemp("tiny"), t5=True)


@pytest.fixture(scope="module")
def model(saved: Path) -> PoseModel:
    return load_pose_model(str(saved), device="cpu")


def control_map(width: int = 64, height: int = 48) -> Image.Image:
    drawing = Image.new("RGB", (width, height))
    ImageDraw.Draw(drawing).line([(5, 5), (40, 30), (20, 44)], fill=(255, 85, 0), width=4)
    return drawing


def events(model: PoseModel, request: SizedRequest, **settings: Any) -> list[Event]:
    drawing = control_map(request.width, request.height)
    return list(generate(model, request, drawing, **settings))


def pictures(model: PoseModel, request: SizedRequest) -> list[Picture]:
    return [event for event in events(model, request) if isinstance(event, Picture)]


def difference(one: Picture, other: Picture) -> int:
    """Largest difference of any level of any pixel, 0 to 255."""
    levels = [np.asarray(each.image, dtype=int) for each in (one, other)]
    return int(np.abs(levels[0] - levels[1]).max())


def test_progress_then_pictures_in_order(model: PoseModel) -> None:
    happened = events(model, asked(samples=2))
    assert [event.step for event in happened[:4] if isinstance(event, Progress)] == [1, 2, 3, 4]
    made = happened[4:]
    assert [(event.index, event.seed) for event in made if isinstance(event, Picture)] == [
        (0, 11),
        (1, 12),
    ]
    first = made[0]
    assert isinstance(first, Picture)
    assert first.image.size == (64, 48)
    assert first.settings["sampler"] == "dpmpp_2m"
    assert first.settings["seed"] == 11


def test_the_same_request_twice_is_bit_identical(model: PoseModel) -> None:
    request = asked(samples=2, sampler="dpmpp_2m_sde")
    for one, other in zip(pictures(model, request), pictures(model, request), strict=True):
        assert difference(one, other) == 0


def test_sample_j_is_made_again_alone_by_seed_plus_j(model: PoseModel) -> None:
    request = asked(samples=3, sampler="euler_ancestral")
    for picture in pictures(model, request):
        [alone] = pictures(model, replace(request, samples=1, seed=picture.seed))
        assert difference(picture, alone) <= 2
    assert difference(*pictures(model, replace(request, samples=2))) > 2


@pytest.mark.parametrize("max_rows", [2, 5, 16])
def test_company_changes_no_pixel_by_more_than_two_levels(model: PoseModel, max_rows: int) -> None:
    requests = [
        asked(),
        asked(prompt="a man", seed=5, strength=0.3, guidance_scale=3, samples=2),
        asked(prompt="a cat", strength=0.0, sampler="heun", num_inference_steps=3),
        asked(prompt="a dog", guidance_scale=1, sampler="dpmpp_sde", scheduler="karras"),
        asked(width=48, height=64, sampler="uni_pc", num_inference_steps=6),
    ]
    orders = [Order(each, control_map(each.width, each.height)) for each in requests]
    together = list(generate_together(model, orders, max_rows=max_rows))
    for place, request in enumerate(requests):
        shared = [event for where, event in together if where == place]
        alone = events(model, request)
        assert [type(event) for event in shared] == [type(event) for event in alone]
        for one, other in zip(shared, alone, strict=True):
            if isinstance(one, Picture) and isinstance(other, Picture):
                assert difference(one, other) <= 2
                assert one.settings == other.settings


def test_strength_zero_never_runs_the_control_net(model: PoseModel) -> None:
    counting = CountingControlNet.from_config(model.controlnet.config)
    counting.load_state_dict(model.controlnet.state_dict())
    watched = replace(model, controlnet=counting.eval())
    pictures(watched, asked(strength=0.0))
    assert counting.calls == 0
    pictures(watched, asked(strength=0.5, num_inference_steps=4))
    # One call a step, for the rows of both prompts.
    assert counting.calls == 4


def test_strength_and_control_map_change_the_picture(model: PoseModel) -> None:
    [none], [some], [much] = (pictures(model, asked(strength=s)) for s in (0.0, 0.4, 1.0))
    assert difference(none, some) > 2
    assert difference(some, much) > 2
    [blank] = [
        event
        for event in generate(model, asked(strength=1.0), Image.new("RGB", (64, 48)))
        if isinstance(event, Picture)
    ]
    assert difference(blank, much) > 2


def test_the_models_traits_tame_guidance(model: PoseModel) -> None:
    tamed = replace(model, traits=replace(model.traits, guidance_factor=0.5))
    [as_asked] = pictures(model, asked(guidance_scale=4))
    [by_factor] = pictures(tamed, asked(guidance_scale=7))
    assert difference(as_asked, by_factor) == 0
    rescaled = replace(model, traits=replace(model.traits, guidance_rescale=1.0))
    order = Order(asked(guidance_scale=20), control_map())
    assert float((latents_of(model, order) - latents_of(rescaled, order)).abs().max()) > 1e-3


@pytest.mark.parametrize(("share", "strength"), [(0.0, 0.8), (0.5, 0.4), (1.0, 0.0)])
def test_guidance_leads_towards_the_pose_as_far_as_a_model_says(
    model: PoseModel, share: float, strength: float
) -> None:
    led = replace(model, traits=replace(model.traits, guide_pose=share))
    order = Order(asked(), control_map())
    positive, negative = conditions(led, order)
    assert negative is not None
    assert positive.strength == 0.8
    assert negative.strength == pytest.approx(strength)
    assert negative.controlled == (strength > 0)
    apart = float((latents_of(led, order) - latents_of(model, order)).abs().max())
    assert apart > 1e-3 if share else apart == 0
    without = Order(asked(strength=0), control_map())
    assert torch.equal(latents_of(led, without), latents_of(model, without))


def test_previews_come_as_often_as_asked(model: PoseModel) -> None:
    happened = events(model, asked(num_inference_steps=5), preview_every=2)
    progress = [event for event in happened if isinstance(event, Progress)]
    assert [event.preview is not None for event in progress] == [False, True, False, True, False]


def test_stopping_between_steps_ends_the_work(model: PoseModel) -> None:
    counting = CountingControlNet.from_config(model.controlnet.config).eval()
    under_way = generate(replace(model, controlnet=counting), asked(), control_map())
    next(under_way)
    calls = counting.calls
    under_way.close()  # type: ignore[attr-defined]  # a generator, as its contract says in words
    assert counting.calls == calls == 1


def test_torch_is_left_as_it_was_between_events(model: PoseModel) -> None:
    for _ in generate(model, asked(), control_map()):
        assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sampler": "euler_a"}, "sampler"),
        ({"scheduler": "linear"}, "scheduler"),
        ({"num_inference_steps": 0}, "num_inference_steps"),
        ({"width": 60}, "width"),
        ({"height": 400}, "height"),
    ],
)
def test_bad_settings_are_named(model: PoseModel, wrong: dict[str, Any], field: str) -> None:
    request = asked(**wrong)
    with pytest.raises(InvalidInput) as caught:
        events(model, request)
    assert caught.value.field == field


def test_the_control_map_must_fit(model: PoseModel) -> None:
    with pytest.raises(ValueError, match="control map"):
        list(generate(model, asked(), control_map(48, 48)))


def latents_of(model: PoseModel, order: Order) -> torch.Tensor:
    samples = start(model, order)
    driver = Driver(denoiser_of(model))
    driver.add(samples)
    while driver.samples:
        driver.advance()
    return torch.stack([each.latents for each in samples if each.latents is not None])


def without_spread(model: PoseModel) -> PoseModel:
    """The same model, its encoder made sure: diffusers draws from the posterior, we do not."""
    channels = model.vae.config.latent_channels
    last = model.vae.encoder.conv_out
    with torch.no_grad():
        last.weight[channels:] = 0.0
        last.bias[channels:] = -100.0
    return model


def diffusers_pipeline(model: PoseModel) -> StableDiffusion3ControlNetPipeline:
    with quiet_libraries():
        pipeline = StableDiffusion3ControlNetPipeline(
            transformer=model.transformer,
            scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0),
            vae=model.vae,
            text_encoder=model.text_encoders[0],
            tokenizer=model.tokenizers[0],
            text_encoder_2=model.text_encoders[1],
            tokenizer_2=model.tokenizers[1],
            text_encoder_3=model.text_encoder_3,
            tokenizer_3=model.tokenizer_3,
            controlnet=model.controlnet,
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.mark.parametrize("guidance", [1.0, 5.0])
@pytest.mark.parametrize("zero_pooled", [True, False])
@pytest.mark.parametrize("t5", [True, False])
def test_agrees_with_the_pipeline_of_diffusers(
    saved: Path, *, t5: bool, zero_pooled: bool, guidance: float
) -> None:
    model = without_spread(load_pose_model(str(saved), device="cpu", t5=t5))
    model.controlnet.register_to_config(force_zeros_for_pooled_projection=zero_pooled)
    request = asked(sampler="euler", samples=2, guidance_scale=guidance, num_inference_steps=6)
    order = Order(request, control_map())
    noise = [NoiseStream(seed, (16, 6, 8), "cpu").draw() for seed in (11, 12)]
    sigmas = sigmas_for("sgm_uniform", "euler", 6, parametrisation_of(model))
    expected = diffusers_pipeline(model)(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        sigmas=sigmas[:-1].tolist(),
        guidance_scale=guidance,
        control_image=order.control_map,
        controlnet_conditioning_scale=request.strength,
        num_images_per_prompt=2,
        latents=torch.stack(noise),
        width=request.width,
        height=request.height,
        max_sequence_length=model.traits.zero_text_tokens,
        output_type="latent",
    ).images
    torch.testing.assert_close(latents_of(model, order), expected, rtol=0, atol=1e-3)
