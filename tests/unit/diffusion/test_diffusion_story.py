"""Lockstep against the plain, dense, two-pass method, and what shares, chunks and seeds mean."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor

from bench.dense_story import DenseStory, dense_story
from vivant.diffusion.consistent_attention import (
    SLICE,
    Role,
    StoryAttention,
    StoryProcessor,
    attend,
    install,
    shares_of,
)
from vivant.diffusion.parametrisations import EpsilonPrediction
from vivant.diffusion.samplers.ode import euler
from vivant.diffusion.schedules import sigmas_for
from vivant.diffusion.story import Cast, Lockstep, SDXLDenoiser
from vivant.diffusion.text import EncodedText

SIZE = (128, 96)
"""Height and width in pixels, eight to a latent: self-attention on 8 x 6 and on 4 x 3 tokens."""

FINE, COARSE = 8 * 6, 4 * 3

PANELS, IDENTITIES, STEPS = 5, 3, 8


@pytest.fixture(scope="module")
def denoiser() -> SDXLDenoiser:
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=1,
        attention_head_dim=(2, 4, 4),
        cross_attention_dim=24,
        norm_num_groups=4,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=12 + 6 * 8,
    ).eval()
    with torch.no_grad():
        for name, weight in unet.named_parameters():
            if "attn1" in name:
                weight.mul_(2.5)  # so that what is attended to matters
    install(unet)
    return SDXLDenoiser(unet, EpsilonPrediction(), torch.float32)


def text(seed: int) -> EncodedText:
    generator = torch.Generator().manual_seed(seed)
    return EncodedText(
        tokens=torch.randn(PANELS, 7, 24, generator=generator),
        pooled=torch.randn(PANELS, 12, generator=generator),
    )


CAST = Cast(text(1), text(2), guidance=3.0, rescale=0.0, size=SIZE)


def attention(share: float = 1.0, **changes: object) -> StoryAttention:
    shares = shares_of(*SIZE, sa32=share, sa64=share)
    return replace(StoryAttention(seed=7, identities=IDENTITIES, shares=shares), **changes)


def start(denoiser: SDXLDenoiser) -> tuple[Tensor, list[float]]:
    sigmas = sigmas_for("ddim_uniform", "ddim", STEPS, denoiser.parametrisation).tolist()
    noise = torch.randn(PANELS, 4, SIZE[0] // 8, SIZE[1] // 8, generator=torch.manual_seed(3))
    return denoiser.parametrisation.start(noise, sigmas[0]), sigmas


def in_lockstep(
    denoiser: SDXLDenoiser,
    story: StoryAttention,
    *,
    at_once: int = 8,
    places: tuple[int, ...] = tuple(range(PANELS)),
    cast: Cast = CAST,
) -> Tensor:
    chosen = list(places)
    negative = None if cast.negative is None else cast.negative[chosen]
    cast = replace(cast, positive=cast.positive[chosen], negative=negative)
    x, sigmas = start(denoiser)
    lockstep = Lockstep(denoiser, cast, story, at_once)
    sampling = euler(x[chosen], sigmas)
    latents, sigma = next(sampling)
    while True:
        clean = torch.cat([clean for _, clean in lockstep.evaluate(latents, sigma)])
        try:
            latents, sigma = sampling.send(clean)
        except StopIteration as finished:
            return finished.value


def test_at_share_one_equals_the_dense_two_pass_method(denoiser: SDXLDenoiser) -> None:
    x, sigmas = start(denoiser)
    dense = DenseStory(
        IDENTITIES, shares_of(*SIZE, sa32=1.0, sa64=1.0), torch.Generator(), ordinary=False
    )
    expected = dense_story(
        denoiser.unet, denoiser.parametrisation, dense, x, sigmas, CAST.positive, CAST.negative,
        CAST.guidance, SIZE,
    )  # fmt: skip
    ours = in_lockstep(denoiser, attention(ordinary_chances=()))
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)
    alone = in_lockstep(denoiser, attention(0.0))
    assert (alone - expected).abs().amax() > 0.1, "sharing must matter in this test"


def test_guidance_leads_towards_what_panels_share_where_the_cast_says_so(
    denoiser: SDXLDenoiser,
) -> None:
    """The unguided half is then that of panels which never shared, the guided half as before."""
    x, sigmas = start(denoiser)

    def first(cast: Cast, share: float) -> Tensor:
        seen = attention(share, alone_steps=0, ordinary_chances=())
        step = Lockstep(denoiser, cast, seen).evaluate(x, sigmas[0])
        return torch.cat([clean for _, clean in step])

    led = first(replace(CAST, guide_sharing=True), 1.0)
    guided_half = first(replace(CAST, negative=None), 1.0)
    unguided_half = first(Cast(text(2), None, guidance=1.0, rescale=0.0, size=SIZE), 0.0)
    assert (first(replace(CAST, negative=None), 0.0) - guided_half).abs().amax() > 1e-2
    expected = unguided_half + CAST.guidance * (guided_half - unguided_half)
    torch.testing.assert_close(led, expected, atol=1e-4, rtol=1e-4)
    usual = in_lockstep(denoiser, attention(1.0))
    differing = in_lockstep(denoiser, attention(1.0), cast=replace(CAST, guide_sharing=True))
    assert (differing - usual).abs().amax() > 1e-2


@pytest.mark.parametrize("at_once", [1, 2])
def test_chunks_do_not_change_panels(denoiser: SDXLDenoiser, at_once: int) -> None:
    together = in_lockstep(denoiser, attention(0.5))
    torch.testing.assert_close(
        in_lockstep(denoiser, attention(0.5), at_once=at_once), together, atol=1e-4, rtol=1e-4
    )


def test_a_follower_is_the_same_without_the_others(denoiser: SDXLDenoiser) -> None:
    whole = in_lockstep(denoiser, attention(0.5))
    without = in_lockstep(denoiser, attention(0.5), places=(0, 1, 2, 4))
    torch.testing.assert_close(without, whole[[0, 1, 2, 4]], atol=1e-4, rtol=1e-4)


def test_the_same_story_twice_is_the_same_to_the_bit(denoiser: SDXLDenoiser) -> None:
    first = in_lockstep(denoiser, attention(0.5))
    assert torch.equal(first, in_lockstep(denoiser, attention(0.5)))


def test_the_seed_chooses_the_shared_tokens(denoiser: SDXLDenoiser) -> None:
    first = in_lockstep(denoiser, attention(0.5))
    other = in_lockstep(denoiser, attention(0.5, seed=8))
    assert (first - other).abs().amax() > 1e-3


def test_share_zero_is_every_panel_by_itself(denoiser: SDXLDenoiser) -> None:
    story = in_lockstep(denoiser, attention(0.0))
    alone = in_lockstep(denoiser, attention(0.0, identities=1), places=(3,))
    torch.testing.assert_close(story[3:4], alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("tokens", [FINE, COARSE])
def test_each_grid_has_a_share_of_its_own(denoiser: SDXLDenoiser, tokens: int) -> None:
    nothing = in_lockstep(denoiser, attention(0.0))
    one_grid = in_lockstep(denoiser, attention(shares={tokens: 1.0}))
    assert (one_grid - nothing).abs().amax() > 1e-3


def test_no_guidance_needs_no_negative_rows(denoiser: SDXLDenoiser) -> None:
    guided = in_lockstep(denoiser, attention(0.5), cast=replace(CAST, guidance=1.0))
    unguided = in_lockstep(denoiser, attention(0.5), cast=replace(CAST, negative=None))
    torch.testing.assert_close(unguided, guided, atol=1e-4, rtol=1e-4)


def test_rescale_reaches_the_prediction(denoiser: SDXLDenoiser) -> None:
    plain = in_lockstep(denoiser, attention(0.5))
    rescaled = in_lockstep(denoiser, attention(0.5), cast=replace(CAST, rescale=1.0))
    assert rescaled.std() < plain.std()


def test_two_stories_in_turns_do_not_meet(denoiser: SDXLDenoiser) -> None:
    x, sigmas = start(denoiser)
    first, second = attention(0.5), attention(0.5, seed=8)
    expected = next(iter(_second_step(denoiser, attention(0.5), x, sigmas)))
    one = Lockstep(denoiser, CAST, first)
    other = Lockstep(denoiser, CAST, second)
    interleaved = []
    for sigma in sigmas[:2]:
        for _ in zip(one.evaluate(x, sigma), other.evaluate(x, sigma), strict=True):
            pass
    for (_, mine), _ in zip(one.evaluate(x, sigmas[2]), other.evaluate(x, sigmas[2]), strict=True):
        interleaved.append(mine)
    assert torch.equal(torch.cat(interleaved), expected)


def _second_step(
    denoiser: SDXLDenoiser, story: StoryAttention, x: Tensor, sigmas: list[float]
) -> list[Tensor]:
    lockstep = Lockstep(denoiser, CAST, story)
    for sigma in sigmas[:2]:
        list(lockstep.evaluate(x, sigma))
    return [torch.cat([clean for _, clean in lockstep.evaluate(x, sigmas[2])])]


def test_chosen_tokens_are_a_fixed_count_and_new_each_step_and_layer() -> None:
    story = attention(0.5)
    picks = {}
    for step in (5, 6):
        story.begin(step)
        for layer in (0, 1):
            columns = story.chosen(layer, FINE)
            assert columns is not None
            assert columns.shape == (IDENTITIES, FINE // 2)
            assert all(len(set(row)) == FINE // 2 for row in columns.tolist())
            picks[step, layer] = columns
    assert len({tuple(columns.flatten().tolist()) for columns in picks.values()}) == 4


@pytest.mark.parametrize("tokens", [SLICE, SLICE + 40, 3 * SLICE])
def test_attention_in_slices_is_attention(tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vivant.diffusion.consistent_attention.FUSED_IS_QUICK", False)
    random = torch.Generator().manual_seed(0)
    query, keys, values = (
        torch.randn(2, 3, count, 32, generator=random).bfloat16()
        for count in (tokens, tokens + 99, tokens + 99)
    )
    exact = F.scaled_dot_product_attention(query.float(), keys.float(), values.float())
    with torch.inference_mode():
        sliced = attend(query, keys, values)
        assert sliced.dtype == torch.bfloat16
        torch.testing.assert_close(sliced.float(), exact, atol=4e-3, rtol=0.02)
        assert torch.equal(attend(query[1:], keys[1:], values[1:]), sliced[1:])
        assert not torch.equal(sliced, F.scaled_dot_product_attention(query, keys, values))


@pytest.mark.parametrize(("step", "chance"), [(5, 0.3), (19, 0.3), (20, 0.1), (49, 0.1)])
def test_ordinary_calls_come_as_often_as_stated(step: int, chance: float) -> None:
    story = attention(1.0)
    story.begin(step)
    own = torch.zeros(IDENTITIES, FINE, 2)
    lengths = [story.seen(layer, Role.IDENTITY, own, own)[0].shape[1] for layer in range(2000)]
    ordinary = lengths.count(FINE) / len(lengths)
    assert set(lengths) == {FINE, IDENTITIES * FINE}
    assert ordinary == pytest.approx(chance, abs=0.03)


def test_at_first_identity_panels_are_alone_and_followers_see_all_of_them() -> None:
    story = attention(0.5)
    story.begin(4)
    own = torch.zeros(2 * IDENTITIES, FINE, 2)
    assert story.seen(0, Role.IDENTITY, own, own)[0].shape == (2 * IDENTITIES, FINE, 2)
    rows = torch.zeros(4, FINE, 2)
    assert story.seen(0, Role.FOLLOWER, rows, rows)[0].shape == (4, FINE * (1 + IDENTITIES), 2)


def test_groups_never_see_each_other() -> None:
    story = attention(1.0, alone_steps=0, ordinary_chances=())
    story.begin(0)
    groups = torch.arange(2.0).repeat_interleave(IDENTITIES)[:, None, None].expand(-1, FINE, 2)
    keys, _ = story.seen(0, Role.IDENTITY, groups, groups)
    assert torch.equal(keys[:, :, 0].std(dim=1), torch.zeros(2 * IDENTITIES))
    rows = torch.arange(2.0).repeat_interleave(2)[:, None, None].expand(-1, FINE, 2)
    keys, _ = story.seen(0, Role.FOLLOWER, rows, rows)
    assert torch.equal(keys[:, :, 0].std(dim=1), torch.zeros(4))


def test_only_the_up_blocks_self_attention_shares(denoiser: SDXLDenoiser) -> None:
    sharing = {
        name: processor.layer
        for name, processor in denoiser.unet.attn_processors.items()
        if isinstance(processor, StoryProcessor) and processor.layer is not None
    }
    assert sorted(sharing.values()) == list(range(len(sharing)))
    assert all(name.startswith("up_blocks") and "attn1" in name for name in sharing)
    assert len(sharing) == 4
