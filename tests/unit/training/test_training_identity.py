from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPTokenizer

import vivant
from training.encode_story import WINDOWS, in_windows, window_ids
from training.evaluate_identity import agreement
from training.evaluate_story import NAMES
from training.identity_batches import EARLIEST_TIME, TARGETS, References
from training.identity_cases import SHOWN, encounters
from training.identity_crops import SEEN_IN, TRAITS, any_views, cuts, trait_labels
from training.identity_models import (
    VISION,
    Adapter,
    Eye,
    begin_neutral,
    load_adapter,
    save_adapter,
)
from training.identity_prompts import VERSIONS, Places, prompts_of, told_by_picture
from training.judges import HIDDEN
from training.make_story_data import PANELS, story_records
from training.story_models import StoryNetworks
from training.train_identity import Student, probe
from training.train_story import unsaid_ids
from training.world.person import sample_person
from training.world.render import paint
from training.world.story import sample_story
from training.world.story_captions import PLAIN
from vivant.diffusion.reference import find_trigger, for_pictures, without_trigger
from vivant.endpoints.storydiffusion.squares import PARTS
from vivant.weights.identity import load_identity

TOKENIZER = Path(vivant.__file__).parent / "weights/embedded/story/tokenizer"
SMALL = {"block_out_channels": (32, 32), "attention_head_dim": 1, "sample_size": 8}
GROUPS = 3


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(TOKENIZER)


@pytest.fixture
def student(tokenizer: CLIPTokenizer) -> Student:
    torch.manual_seed(0)
    nets = StoryNetworks(len(tokenizer), **SMALL).requires_grad_(requires_grad=False)
    for part in (nets.unet.conv_out, *(m for m in nets.unet.modules() if hasattr(m, "to_out"))):
        layer = part.to_out[0] if hasattr(part, "to_out") else part
        torch.nn.init.normal_(layer.weight, std=0.1)  # untrained ones are zero
    return Student(nets, Adapter(Eye(), nets.unet))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, tokenizer: CLIPTokenizer) -> References:
    """A few groups, rendered, told and "encoded"."""
    folder = tmp_path_factory.mktemp("references")
    groups = [sample_story(seed, PANELS) for seed in range(GROUPS)]
    np.save(
        folder / "pictures.npy", np.stack([paint(p.drawn) for panels in groups for p in panels])
    )
    records = [r for seed, panels in enumerate(groups) for r in story_records(panels, seed, 1.0)]
    (folder / "samples.jsonl").write_text("".join(f"{json.dumps(r)}\n" for r in records))
    rows, rng = GROUPS * PANELS, np.random.default_rng(0)
    latents = rng.normal(size=(rows, 16, 8, 8)).astype(np.float16)
    weights = np.ones((rows, 8, 8), np.float16)
    np.savez(folder / "part-0.npz", latents=latents, weights=weights)
    empty, places = window_ids(tokenizer, [""])[0], Places(tokenizer)
    told = [[prompts_of(rng, panels, PLAIN) for _ in range(VERSIONS)] for panels in groups]
    pairs = [version[i] for versions in told for i in range(PANELS) for version in versions]
    shape = (rows, VERSIONS, WINDOWS, -1)
    texts = {
        "full": [a for a, _ in pairs],
        "shown": [without_trigger(b) for _, b in pairs],
        "stacked": [for_pictures(b, PARTS) for _, b in pairs],
    }
    prompts = {
        kind: in_windows(window_ids(tokenizer, each), empty, WINDOWS).reshape(shape)
        for kind, each in texts.items()
    }
    where = np.array([places(b) for _, b in pairs], np.int16).reshape(rows, VERSIONS)
    np.savez(folder / "prompts.npz", **prompts, places=where)
    return References(
        folder, folder / "prompts.npz", folder, torch.device("cpu"), held_out=1, vision=VISION
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_trigger_word_stands_behind_the_class_word(tokenizer: CLIPTokenizer, seed: int) -> None:
    rng = np.random.default_rng(seed)
    person = sample_person(rng)
    told = told_by_picture(rng, person)
    triggered = find_trigger(told)
    assert triggered is not None
    prompt = f"a line drawing of {told}, at home"
    ids = window_ids(tokenizer, [without_trigger(prompt)])[0][0]
    class_word = tokenizer.decode([int(ids[Places(tokenizer)(prompt)])])
    assert class_word.strip() == triggered.word


def test_panels_without_anybody_read_the_same_with_and_without_a_picture() -> None:
    panels = next(
        panels
        for panels in (sample_story(seed, PANELS) for seed in range(50))
        if any(panel.person is None for panel in panels)
    )
    for panel, (told, shown) in zip(
        panels, prompts_of(np.random.default_rng(0), panels, PLAIN), strict=True
    ):
        assert (told == shown) == (panel.person is None)
        assert (find_trigger(shown) is None) == (panel.person is None)


@pytest.mark.parametrize("seed", range(20))
def test_references_are_cut_within_the_picture(seed: int) -> None:
    panels = sample_story(seed, PANELS)
    for record in story_records(panels, seed, 1.0):
        views = any_views(np.random.default_rng(seed), record, 256)
        assert len(views) == PARTS
        for square in (view.square for view in views):
            assert min(square.left, square.top) >= 0
            assert max(square.left, square.top) + square.side <= 256.001
        assert bool(record["people"]) or not any(view.alone for view in views)
        labels = dict(zip(TRAITS, trait_labels(record), strict=True))
        assert labels["person"] == bool(record["people"])
        if not record["people"]:
            assert set(labels.values()) == {0, HIDDEN}


def test_regions_lie_where_the_figure_does() -> None:
    """A red head and a blue body: what is called head is red, what is called figure blue."""
    joints = np.zeros((18, 3))
    joints[[1, 8, 9, 10]] = [(128, 90, 1), (128, 150, 1), (128, 190, 1), (128, 230, 1)]
    record = {"joints": [joints.tolist()], "heads": [(128, 60, 25)], "people": []}
    y, x = np.mgrid[:256, :256]
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[(abs(x - 128) < 40) & (y > 60)] = (0, 0, 255)
    picture[np.hypot(x - 128, y - 60) < 40] = (255, 0, 0)
    views = cuts(np.random.default_rng(0), picture[None], [record], np.zeros(9, int), VISION)
    seen, regions = views.pictures.flatten(0, 1), views.regions.flatten(0, 1)
    cells = torch.nn.functional.avg_pool2d(seen, VISION.patch_size).flatten(2)
    red, blue = cells[:, 0], cells[:, 2]
    assert (regions == 1).any()
    assert (regions == 2).any()
    assert red[regions == 2].mean() > 1 > red[regions == 1].mean()
    assert blue[regions == 1].mean() > 1 > blue[regions == 2].mean()
    assert red[regions == 0].mean() < 0
    assert blue[regions == 0].mean() < 0


def test_each_view_is_asked_for_what_it_can_show() -> None:
    panels = sample_story(3, PANELS)
    panel = next(panel for panel in panels if panel.person is not None)
    (record,) = story_records((panel,), 3, 1.0)
    traits = torch.tensor([trait_labels(record)] * 60)
    pictures = paint(panel.drawn)[None]
    views = cuts(np.random.default_rng(0), pictures, [record], np.zeros(60, int), VISION)
    asked, names = views.labels(traits), np.array(list(TRAITS))
    kinds = [
        {tuple(names[row != HIDDEN]) for row in asked[:, part].numpy()} for part in range(PARTS)
    ]
    told = tuple(names[traits[0].numpy() != HIDDEN])
    for part, found in enumerate(kinds):
        alone = tuple(name for name in told if name in SEEN_IN[part])
        assert found <= {alone, told}  # the whole figure in its place shows all
        assert told in found


def test_the_reference_shows_somebody_and_is_none_of_the_panels_to_draw(
    data: References, tokenizer: CLIPTokenizer
) -> None:
    torch.manual_seed(0)
    person = list(TRAITS).index("person")
    unsaid, rng = unsaid_ids(tokenizer), np.random.default_rng(1)
    for _ in range(10):
        lesson = data.lesson(2, unsaid, rng)
        assert lesson.latents.shape[:2] == lesson.places.shape == (2, TARGETS)
        assert (lesson.traits[..., person] == 1).all()
        assert lesson.pictures.shape[:2] == lesson.traits.shape[:2] == (2, PARTS)
        assert lesson.full.shape == lesson.shown.shape == lesson.stacked.shape
        if not lesson.places.any():
            assert torch.equal(lesson.full, lesson.shown) or int(lesson.times.min()) < EARLIEST_TIME
        for panels in lesson.latents.flatten(2):
            assert len({tuple(row.tolist()) for row in panels}) == TARGETS


def test_merging_a_batch_is_merging_each_prompt(student: Student) -> None:
    adapter = student.adapter
    tokens, seen = torch.randn(2, 3, 7, 192), torch.randn(2, PARTS, 192)
    places = torch.tensor([[2, 0, 4], [0, 3, 3]])
    with torch.no_grad():
        merged = adapter.merge(tokens, places, seen)
        for group, panel in np.ndindex(2, 3):
            alone = tokens[group, panel]
            if places[group, panel]:
                place = int(places[group, panel])
                alone = adapter.eye.encoder.merge(alone, place, seen[group])
            assert torch.allclose(merged[group, panel], alone, atol=1e-5)


def test_an_untrained_fuse_module_returns_about_its_token(student: Student) -> None:
    encoder = student.adapter.eye.encoder
    alike = torch.nn.functional.layer_norm(torch.randn(8, 192), (192,))
    tokens = 0.4 * alike + 0.1  # all of one level and one spread
    begin_neutral(encoder, tokens)
    fused = encoder.fuse_module(tokens, torch.randn(8, 192))
    assert (fused - tokens).abs().mean() < 0.02 * tokens.abs().mean()


def test_an_untrained_student_answers_as_the_teacher_where_both_read_the_same(
    student: Student, data: References, tokenizer: CLIPTokenizer
) -> None:
    torch.manual_seed(0)
    lesson = data.lesson(2, unsaid_ids(tokenizer), np.random.default_rng(0)).before()
    noise = torch.randn_like(lesson.latents)
    taught, learnt, _ = student.answers(lesson, noise)
    assert torch.allclose(taught, learnt, atol=1e-6)
    perturb(student)
    again, changed, _ = student.answers(lesson, noise)
    assert torch.equal(taught, again)  # the teacher has no LoRA
    assert not torch.allclose(taught, changed, atol=1e-3)


def test_only_the_adapter_learns(
    student: Student, data: References, tokenizer: CLIPTokenizer
) -> None:
    torch.manual_seed(0)
    perturb(student)
    unsaid, rng = unsaid_ids(tokenizer), np.random.default_rng(0)
    lesson = next(
        lesson for lesson in (data.lesson(2, unsaid, rng) for _ in range(20)) if lesson.places.any()
    )
    student.loss(lesson).backward()
    named = dict(student.adapter.named_parameters())
    assert all(p.grad is not None for name, p in named.items() if "lora" in name)
    assert named["eye.encoder.vision_model.embeddings.patch_embedding.weight"].grad is not None
    mine = {id(p) for p in student.adapter.parameters()}
    others = [p for p in student.nets.parameters() if id(p) not in mine]
    assert others
    assert all(p.grad is None for p in others)
    assert "the picture gives" in probe(student, data)


def test_what_is_shipped_is_what_was_trained(
    student: Student, data: References, tokenizer: CLIPTokenizer, tmp_path: Path
) -> None:
    perturb(student)
    file = save_adapter(tmp_path / "identity", student.adapter)
    fresh = StoryNetworks(len(tokenizer), **SMALL)
    base = {n.replace(".base_layer", ""): p for n, p in student.nets.unet.state_dict().items()}
    fresh.text.load_state_dict(student.nets.text.state_dict())
    fresh.unet.load_state_dict({n: p for n, p in base.items() if "lora_" not in n})
    identity = load_identity(file, fresh.unet, torch.device("cpu"), torch.float32)
    assert identity.sees == "parts"
    pictures = torch.randn(2, 3, identity.encoder.side, identity.encoder.side)
    eye = student.adapter.eye
    with torch.no_grad():
        assert torch.allclose(identity.encoder.see(pictures), eye.encoder.see(pictures), atol=2e-2)
        looks = eye.encoder.look(pictures)
        chance = eye.heads["person"](looks).softmax(-1)[:, 1]
        assert identity.encoder.somebody is not None
        told = torch.sigmoid(identity.encoder.somebody(looks))[:, 0]
        assert torch.allclose(told, chance, atol=1e-2)
    lesson = data.lesson(1, unsaid_ids(tokenizer), np.random.default_rng(0))
    identity.lora.set(on=True)
    student.lora.set(on=True)
    assert torch.allclose(drawn(fresh, lesson.shown), drawn(student.nets, lesson.shown), atol=2e-2)


def test_training_goes_on_from_what_is_shipped(student: Student, tmp_path: Path) -> None:
    perturb(student)
    first = save_adapter(tmp_path / "a", student.adapter)
    nets = StoryNetworks(1224, **SMALL)
    other = Adapter(Eye(), nets.unet)
    load_adapter(first, other)
    second = save_adapter(tmp_path / "b", other)
    mine, theirs = load_file(first), load_file(second)
    assert mine.keys() == theirs.keys()
    for name, tensor in mine.items():
        assert torch.allclose(tensor, theirs[name], atol=1e-3), name


@torch.no_grad()
def drawn(nets: StoryNetworks, ids: Tensor) -> Tensor:
    tokens, pooled = nets.read(ids[0])
    out: Tensor = nets.unet(
        torch.ones(len(tokens), 16, 8, 8),
        torch.tensor([500.0]),
        tokens,
        added_cond_kwargs={"text_embeds": pooled, "time_ids": torch.zeros(len(tokens), 6)},
        return_dict=False,
    )[0]
    return out


def perturb(student: Student) -> None:
    """As if something had been learnt."""
    torch.manual_seed(1)
    for parameter in student.adapter.lora.values():
        torch.nn.init.normal_(parameter, std=0.2)


def test_agreement_counts_what_the_reference_shows_in_panels_with_somebody() -> None:
    (case,) = encounters(1)
    right = torch.tensor([case.shown] * len(case.panels))
    right[right == HIDDEN] = 0
    right[:, NAMES.index("bottom_shown")] = 1
    shown = [name for name in SHOWN if case.shown[NAMES.index(name)] != HIDDEN]
    assert agreement([case], [right]) == dict.fromkeys([*shown, "all"], 1.0)
    wrong = right.clone()
    hair = NAMES.index("hair")
    wrong[:, hair] += 1
    if "hair" in shown:
        assert agreement([case], [wrong])["hair"] == 0.0
    empty = [i for i, panel in enumerate(case.panels) if panel.person is None]
    wrong = right.clone()
    wrong[empty] += 1
    assert agreement([case], [wrong])["all"] == 1.0
