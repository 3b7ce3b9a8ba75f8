from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import CLIPTokenizer

import vivant
from training.encode_story import WINDOWS, in_windows, window_ids
from training.make_story_data import PANELS, STYLED, VERSIONS, story_records
from training.models import TEXT_LENGTH
from training.story_batches import (
    Batch,
    Stories,
    any_attention,
    any_sizes,
    native_sizes,
    phase_at,
    step_at,
    times_apart,
    times_of_one_phase,
    widen,
    windows_used,
)
from training.story_models import (
    SCHEDULER,
    StoryNetworks,
    load_story_networks,
    noise_levels,
    save_story_pipeline,
)
from training.story_probe import probe
from training.story_sheet import GAP, brief_prompts, stack, world_rows
from training.train_story import unsaid_ids, v_loss
from training.world.render import paint
from training.world.story import sample_story
from training.world.story_captions import (
    describe_character,
    story_prompts,
)
from vivant.comic.script import parse_script
from vivant.diffusion.consistent_attention import StoryAttention
from vivant.diffusion.windows import WindowedTextEncoders
from vivant.endpoints.storydiffusion.request import (
    CHARACTER_DESCRIPTION,
    COMIC_DESCRIPTION,
    NEGATIVE_PROMPT,
)

TOKENIZER = Path(vivant.__file__).parent / "weights/embedded/pose/tokenizer"
SMALL = {"block_out_channels": (32, 32), "attention_head_dim": 1, "sample_size": 8}


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(TOKENIZER)


@pytest.fixture(scope="module")
def nets() -> StoryNetworks:
    """Small, and with branches that are not zero, as after some training."""
    torch.manual_seed(0)
    nets = StoryNetworks(1224, **SMALL)
    for p in nets.unet.parameters():
        if not p.detach().any():
            torch.nn.init.normal_(p, std=0.1)
    return nets.eval()


def words_of(texts: list[str]) -> set[str]:
    return set(re.findall(r"[a-z]+", " ".join(texts).lower()))


def test_stories_speak_every_word_of_the_briefs_story() -> None:
    rng = np.random.default_rng(0)
    said: set[str] = set()
    for seed in range(400):
        said |= words_of(story_prompts(rng, sample_story(seed)))
    lines = [panel.prompt for panel in parse_script(COMIC_DESCRIPTION)]
    assert words_of([CHARACTER_DESCRIPTION, *lines, "wake up in the bed"]) - said == set()


def test_a_story_keeps_its_character_and_changes_the_rest() -> None:
    for seed in range(30):
        panels = sample_story(seed, 6)
        people = [p.person for p in panels if p.person is not None]
        assert len(people) >= 3
        looks = {
            (p.who, p.hair, p.garment, p.garment_colour, p.bottom_colour, p.skin) for p in people
        }
        assert len(looks) == 1
        assert len({p.drawn.scene.place for p in panels}) > 1


def test_stories_repeat_and_show_people_from_the_front() -> None:
    first, again = sample_story(7), sample_story(7)
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(paint(a.drawn, 0.25), paint(b.drawn, 0.25))
        for actor in a.drawn.actors:
            assert abs(actor.placed.posed.head_turn[0]) <= 85


def test_prompts_put_one_description_before_each_line_and_none_where_nobody_is() -> None:
    seed = next(s for s in range(50) if any(p.person is None for p in sample_story(s)))
    panels = sample_story(seed)
    rng = np.random.default_rng(1)
    prompts = story_prompts(rng, panels, left_open=0.0)
    people = [t for t, p in zip(prompts, panels, strict=True) if p.person is not None]
    shared = people[0]
    while not all(t.startswith(shared) for t in people):
        shared = shared[:-1]
    assert len(shared) > 12
    assert not any(
        t.startswith(shared[:12]) for t, p in zip(prompts, panels, strict=True) if p.person is None
    )


def test_a_description_leaves_open_what_it_is_told_to() -> None:
    rng = np.random.default_rng(0)
    person = next(p.person for p in sample_story(3) if p.person is not None)
    assert len(describe_character(rng, person, 1.0).split()) <= 3
    full = describe_character(rng, person, 0.0)
    assert person.garment_colour in full or person.garment in full
    assert person.bottom is None or person.garment == "suit" or person.bottom_colour in full


def test_records_hold_captions_by_version_and_what_covers_the_legs() -> None:
    for seed in range(40):
        panels = sample_story(seed)
        records = story_records(panels, seed, 0.25)
        json.dumps(records)
        assert [len(r["captions"]) for r in records] == [VERSIONS] * PANELS
        for record, panel in zip(records, panels, strict=True):
            assert record["covered"] == (panel.activity in ("bed", "breakfast", "desk"))
            assert (len(record["people"]) == 0) == (record["view"] == "")


def test_windows_are_those_that_the_product_reads(
    tokenizer: CLIPTokenizer, nets: StoryNetworks
) -> None:
    texts = ["a man", NEGATIVE_PROMPT, ""]
    each = window_ids(tokenizer, texts)
    assert [len(e) for e in each][::2] == [1, 1]
    assert len(each[1]) > 1
    most = max(map(len, each))
    ids = torch.from_numpy(in_windows(each, each[2], most)).long()
    tokens, pooled = nets.read(ids)
    product = WindowedTextEncoders(tuple(nets.text), (tokenizer, tokenizer))
    wanted = product.encode(texts, torch.device("cpu"), torch.float32)
    assert torch.allclose(tokens, wanted.tokens, atol=1e-5)
    assert torch.allclose(pooled, wanted.pooled, atol=1e-5)


def test_windows_are_cut_or_filled_up(tokenizer: CLIPTokenizer) -> None:
    each = window_ids(tokenizer, ["a man", NEGATIVE_PROMPT])
    empty = window_ids(tokenizer, [""])[0]
    ids = torch.from_numpy(in_windows(each, empty, WINDOWS)).long()
    assert ids.shape == (2, WINDOWS, TEXT_LENGTH)
    assert windows_used(ids) == WINDOWS
    assert windows_used(ids[:1]) == 1
    wide = widen(ids[:1], 4)
    assert wide.shape == (1, 4, TEXT_LENGTH)
    assert torch.equal(wide[0, 3], torch.from_numpy(empty[0]).long())


def test_noise_times_of_a_batch_stand_at_one_phase() -> None:
    torch.manual_seed(0)
    assert step_at(torch.tensor([999, 800, 799, 0]), 25).tolist() == [0, 4, 5, 24]
    phases = set()
    for _ in range(40):
        times = times_of_one_phase(6, 25)
        here = set(phase_at(times, 25).tolist())
        assert len(here) == 1
        phases |= here
    assert phases == {0, 1}


def test_noise_times_apart_are_of_panels_that_see_each_other() -> None:
    torch.manual_seed(0)
    times = times_apart(6, 25)
    assert times.shape == (6, PANELS)
    assert (phase_at(times, 25) > 0).all()
    assert all(len(set(group)) == PANELS for group in times.tolist())


def test_panels_of_a_group_may_have_times_of_their_own(nets: StoryNetworks) -> None:
    latents, some = batch(2).latents, batch(2)
    attention = StoryAttention(0, 2, {16: 0.0, 64: 0.0}, 0, ())
    times = torch.tensor([[500] * PANELS, [100, 300, 600, 900]])
    with torch.no_grad():
        together = nets(latents, times, some.ids, native_sizes(2), attention)
        same = nets(latents, torch.tensor([500, 500]), some.ids, native_sizes(2), attention)
        last = nets(latents, torch.tensor([900, 900]), some.ids, native_sizes(2), attention)
    assert torch.allclose(together[0], same[0], atol=1e-5)
    assert torch.allclose(together[1, 3], last[1, 3], atol=1e-5)
    assert not torch.allclose(together[1, 0], same[1, 0], atol=1e-3)


def test_levels_are_those_of_the_published_schedule() -> None:
    signal = np.cumprod(1 - np.linspace(SCHEDULER["beta_start"], SCHEDULER["beta_end"], 1000))
    sigmas = np.sqrt((1 - signal) / signal)
    assert noise_levels().table == pytest.approx(sigmas.tolist())


def batch(groups: int = 1) -> Batch:
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(groups, PANELS, 16, 8, 8, generator=generator)
    weights = torch.ones(groups, PANELS, 1, 8, 8)
    weights[..., 2:6, 2:6] = 3.0
    ids = torch.full((groups, PANELS, 1, TEXT_LENGTH), 1223)
    ids[..., 0] = 1222
    return Batch(latents, weights, ids)


def velocity(nets: StoryNetworks, x: Tensor, attention: StoryAttention) -> Tensor:
    attention.begin(9)
    some = batch(len(x))
    times = torch.full((len(x),), 500)
    with torch.no_grad():
        out: Tensor = nets(x, times, some.ids, native_sizes(len(x)), attention)
    return out


def changed(nets: StoryNetworks, panel: int, identities: int, share: float) -> list[bool]:
    """Which panels' predictions change when one panel's latents do."""
    shares = {16: share, 64: share}
    latents = batch().latents
    other = latents.clone()
    other[:, panel] += 1
    a, b = (
        velocity(nets, x, StoryAttention(0, identities, shares, 0, ())) for x in (latents, other)
    )
    return [bool((u - v).abs().max() > 1e-4) for u, v in zip(a[0], b[0], strict=True)]


def test_panels_see_each_other_as_their_roles_say(nets: StoryNetworks) -> None:
    assert changed(nets, 0, 2, 1.0) == [True, True, True, True]
    assert changed(nets, 3, 2, 1.0) == [False, False, False, True]
    assert changed(nets, 0, 4, 0.5) == [True, True, True, True]
    assert changed(nets, 0, 2, 0.0) == [True, False, False, False]


def test_groups_do_not_see_each_other(nets: StoryNetworks) -> None:
    latents = batch(2).latents
    alone = velocity(nets, latents[:1], StoryAttention(0, 3, {16: 1.0, 64: 1.0}, 0, ()))
    both = velocity(nets, latents, StoryAttention(0, 3, {16: 1.0, 64: 1.0}, 0, ()))
    assert torch.allclose(both[:1], alone, atol=1e-4)


def test_gradients_flow_through_the_bank() -> None:
    torch.manual_seed(0)
    nets = StoryNetworks(1224, **SMALL)
    attention = any_attention(np.random.default_rng(1), 9)
    loss = v_loss(nets, batch(), torch.tensor([500]), any_sizes(1), attention)
    # Zero-initialised, v is 0: the loss is v's own variance.
    assert loss.item() == pytest.approx(1.0, abs=0.2)
    loss.backward()
    assert nets.unet.conv_out.weight.grad.abs().max() > 0


def test_who_has_learnt_all_from_its_teacher_errs_by_the_pictures_alone(
    nets: StoryNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    attention = StoryAttention(0, 2, {16: 1.0, 64: 1.0}, 0, ())
    some = batch(2)
    taught = replace(some, full=some.ids)
    times = torch.tensor([500, 300])

    def loss(of: Batch, from_pictures: float) -> float:
        torch.manual_seed(1)
        monkeypatch.setattr("training.train_story.FROM_PICTURES", from_pictures)
        return v_loss(nets, of, times, any_sizes(2), attention).item()

    assert loss(taught, 0.0) == pytest.approx(0, abs=1e-6)
    assert loss(taught, 1.0) == pytest.approx(loss(some, 0.0))
    other = torch.where(some.ids == 1223, 700, some.ids)
    assert loss(replace(some, full=other), 0.0) > 1e-6


def test_attention_varies_with_its_seed() -> None:
    rng = np.random.default_rng(0)
    drawn = [any_attention(rng, 7) for _ in range(60)]
    assert {a.identities for a in drawn} == {1, 2, 3, 4}
    assert any(not a.shares for a in drawn)
    assert len({a.seed for a in drawn}) == 60


def test_stories_come_by_groups_with_one_text_or_none(
    tmp_path: Path, tokenizer: CLIPTokenizer
) -> None:
    pictures = 6 * PANELS
    owner = np.arange(pictures) // PANELS
    ids = np.zeros((pictures, VERSIONS, WINDOWS, TEXT_LENGTH), np.int16)
    ids[..., 0], ids[..., 2:] = 1222, 1223
    ids[:, :, 1, 1] = 1223
    ids[:, :, 0, 1] = 100 + owner[:, None]
    ids[:, VERSIONS - STYLED :, 0, 1] += 200
    np.savez(
        tmp_path / "part-000000.npz",
        latents=np.broadcast_to(owner[:, None, None, None], (pictures, 16, 8, 8)).astype(
            np.float16
        ),
        weights=np.ones((pictures, 8, 8), np.float16),
        ids=ids,
        indices=np.arange(pictures),
    )
    data = Stories(tmp_path, torch.device("cpu"), held_out=2)
    unsaid = unsaid_ids(tokenizer)
    seen: set[int] = set()
    torch.manual_seed(0)
    for _ in range(20):
        some = data.batch(3, unsaid)
        for latents, texts in zip(some.latents, some.ids, strict=True):
            group = int(latents[0, 0, 0, 0])
            seen.add(group)
            assert (latents == group).all()
            first = set(texts[:, 0, 1].tolist())
            assert len(first) == 1
            assert first <= {100 + group, 300 + group} or (texts == texts[0]).all()
    assert seen == {2, 3, 4, 5}
    assert data.held_out_groups().latents[:, 0, 0, 0, 0].tolist() == [0, 1]


def test_taught_prompts_are_pairs_of_the_same_panels(tmp_path: Path) -> None:
    pictures = 4 * PANELS
    number = np.arange(pictures)
    np.savez(
        tmp_path / "part-000000.npz",
        latents=np.broadcast_to(number[:, None, None, None], (pictures, 16, 8, 8)).astype(
            np.float16
        ),
        weights=np.ones((pictures, 8, 8), np.float16),
        ids=np.zeros((pictures, VERSIONS, WINDOWS, TEXT_LENGTH), np.int16),
        indices=number,
    )
    shown = np.zeros((pictures, 3, WINDOWS, TEXT_LENGTH), np.int16)
    shown[:, :, 0, 0], shown[:, :, 0, 2] = 1222, 1223
    shown[:, :, 0, 1] = number[:, None] + 100 * np.arange(3)
    np.savez(tmp_path / "pairs.npz", shown=shown, full=shown + 1, places=np.zeros(1))
    data = Stories(tmp_path, torch.device("cpu"), 1, tmp_path / "pairs.npz")
    torch.manual_seed(0)
    versions = set()
    for _ in range(10):
        some = data.taught(2)
        assert some.full is not None
        assert torch.equal(some.full, some.ids + 1)
        told = some.ids[:, :, 0, 1]
        assert torch.equal(told % 100, some.latents[:, :, 0, 0, 0].long())
        assert (told // 100 == told[:, :1] // 100).all()
        versions |= set((told // 100).flatten().tolist())
    assert versions == {0, 1, 2}


def test_probe_reports_every_sharing_layer_and_leaves_the_network_as_it_was(
    nets: StoryNetworks,
) -> None:
    before = dict(nets.unet.attn_processors)
    line = probe(nets, batch(2))
    assert len(re.findall(r"\d\.\d\d/\d\.\d\d", line)) == 8
    assert nets.unet.attn_processors == before


def test_published_folder_loads_again(tmp_path: Path, nets: StoryNetworks) -> None:
    save_story_pipeline(tmp_path, nets, TOKENIZER)
    loaded = load_story_networks(tmp_path).eval()
    latents = batch().latents
    a, b = (velocity(n, latents, StoryAttention(0, 4, {64: 1.0}, 0, ())) for n in (nets, loaded))
    assert torch.allclose(a, b, atol=1e-3)
    assert json.loads((tmp_path / "model_index.json").read_text())["unet"][1] == (
        "UNet2DConditionModel"
    )


def test_sheet_tells_the_endpoints_story_and_lays_out_groups() -> None:
    prompts = brief_prompts()
    assert len(prompts) == 8
    assert prompts[0] == "a man, wearing black suit, at home, read new paper"
    assert prompts[3] == "A tiger appeared in the forest, at night"
    sheet = stack(world_rows(2, 5))
    assert sheet.size == (2 * PANELS * (256 + GAP) + GAP, 256 + 2 * GAP)
