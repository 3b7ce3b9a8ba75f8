from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest
import torch
from accelerate import init_empty_weights
from diffusers import UNet2DConditionModel
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPVisionConfig

from tests.support.photomaker import (
    save_adapter,
    save_photomaker,
    tiny_encoder,
    tiny_lora,
    with_old_names,
)
from vivant.base.errors import InvalidInput, WeightsCorrupt, WeightsUnavailable
from vivant.weights.identity import (
    SEES,
    Identity,
    convert_identity,
    load_identity,
    read_identity,
    vision_config,
)
from vivant.weights.identity_encoder import FuseModule, IdentityEncoder
from vivant.weights.load import load_story_model
from vivant.weights.sources import OWN_IDENTITY
from vivant.weights.tiny_story import save_tiny_story_model
from vivant.weights.verify import find_problems, write_sums

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_story_model(tmp_path_factory.mktemp("identity") / "story")


@pytest.fixture
def unet(folder: Path) -> UNet2DConditionModel:
    return load_story_model(str(folder), device="cpu").unet


def encoder_for(unet: UNet2DConditionModel) -> IdentityEncoder:
    width = int(unet.config.cross_attention_dim)
    return tiny_encoder(width // 2, width - width // 2)


def load(file: Path, unet: UNet2DConditionModel) -> Identity:
    return load_identity(file, unet, CPU, torch.float32)


def drawn(unet: UNet2DConditionModel) -> Tensor:
    random = torch.Generator().manual_seed(0)
    width = int(unet.config.cross_attention_dim)
    with torch.no_grad():
        output: Tensor = unet(
            torch.randn(1, 4, 8, 8, generator=random),
            torch.tensor([500.0]),
            torch.randn(1, 5, width, generator=random),
            added_cond_kwargs={
                "text_embeds": torch.randn(1, width // 2, generator=random),
                "time_ids": torch.zeros(1, 6),
            },
            return_dict=False,
        )[0]
    return output


@pytest.mark.parametrize("names", ["new", "old"])
@pytest.mark.parametrize("fold", [True, False])
def test_a_lora_adds_its_product_where_it_is_switched_on_and_nothing_else(
    folder: Path,
    unet: UNet2DConditionModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: str,
    *,
    fold: bool,
) -> None:
    if not fold:
        monkeypatch.setattr("vivant.weights.identity.FOLDED_BYTES", 0)
    before = drawn(unet)
    lora = tiny_lora(unet)
    stored = lora if names == "new" else with_old_names(lora)
    identity = load(save_photomaker(tmp_path / "p.bin", encoder_for(unet), stored), unet)
    assert torch.equal(drawn(unet), before)
    assert any(isinstance(part, LoraLayer) for part in unet.modules()) is not fold
    by_hand = load_story_model(str(folder), device="cpu").unet
    weights = by_hand.state_dict()
    for name in {name.rsplit(".", 2)[0] for name in lora}:
        product = lora[f"{name}.lora_B.weight"] @ lora[f"{name}.lora_A.weight"]
        weights[f"{name.removeprefix('unet.')}.weight"] += product
    identity.lora.set(on=True)
    assert not torch.allclose(drawn(unet), before, atol=1e-3)
    assert torch.allclose(drawn(unet), drawn(by_hand), atol=1e-5)
    identity.lora.set(on=False)
    assert torch.equal(drawn(unet), before)


def test_the_encoder_comes_back_as_it_was_saved(unet: UNet2DConditionModel, tmp_path: Path) -> None:
    saved = encoder_for(unet)
    file = save_photomaker(tmp_path / "p.bin", saved, tiny_lora(unet))
    loaded = load(file, unet).encoder
    pictures = torch.randn(2, 3, saved.side, saved.side)
    with torch.no_grad():
        assert torch.equal(loaded.see(pictures), saved.see(pictures))
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    assert not any(parameter.requires_grad for parameter in unet.parameters())


def test_a_converted_file_holds_the_same(unet: UNet2DConditionModel, tmp_path: Path) -> None:
    source = save_photomaker(tmp_path / "p.bin", encoder_for(unet), tiny_lora(unet))
    target = tmp_path / "p.safetensors"
    convert_identity(source, target)
    for before, after in zip(read_identity(source), read_identity(target), strict=True):
        assert before.keys() == after.keys()
        assert all(torch.equal(before[name], after[name]) for name in before)


def test_fusing_is_the_papers_formula() -> None:
    """Two MLPs, the first over both side by side, residuals, and a norm at the end."""
    torch.manual_seed(0)
    fuse = FuseModule(6)
    tokens, seen = torch.randn(2, 6), torch.randn(2, 6)
    w = {name: tensor.double() for name, tensor in fuse.state_dict().items()}

    def norm(x: Tensor, name: str) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        deviation = (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
        return centred / deviation * w[f"{name}.weight"] + w[f"{name}.bias"]

    def mlp(x: Tensor, name: str) -> Tensor:
        x = norm(x, f"{name}.layernorm") @ w[f"{name}.fc1.weight"].T + w[f"{name}.fc1.bias"]
        x = x * 0.5 * (1 + torch.erf(x / 2**0.5))
        return x @ w[f"{name}.fc2.weight"].T + w[f"{name}.fc2.bias"]

    first = mlp(torch.cat([tokens, seen], -1).double(), "mlp1") + tokens.double()
    expected = norm(mlp(first, "mlp2") + first, "layer_norm")
    assert torch.allclose(fuse(tokens, seen).double(), expected, atol=1e-5)


def test_merging_changes_the_class_words_tokens_only() -> None:
    encoder = tiny_encoder(4, 6)
    tokens, seen = torch.randn(9, 10), torch.randn(2, 10)
    with torch.no_grad():
        merged = encoder.merge(tokens, 3, seen)
        fused = encoder.fuse_module(tokens[3:5], seen)
    assert torch.equal(merged[3:5], fused)
    rest = [0, 1, 2, 5, 6, 7, 8]
    assert torch.equal(merged[rest], tokens[rest])


def test_the_full_size_has_the_published_shapes() -> None:
    """CLIP ViT-L/14 with 1024 -> 768 and 1024 -> 1280, fused at 2048 (arXiv 2312.04461)."""
    config = CLIPVisionConfig(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
        patch_size=14,
        image_size=224,
        projection_dim=768,
    )
    with init_empty_weights():
        encoder = IdentityEncoder(config, 1280)
    shapes = {name: tuple(tensor.shape) for name, tensor in encoder.state_dict().items()}
    assert shapes["visual_projection.weight"] == (768, 1024)
    assert shapes["visual_projection_2.weight"] == (1280, 1024)
    assert shapes["fuse_module.mlp1.fc1.weight"] == (2048, 4096)
    assert shapes["fuse_module.mlp1.layernorm.weight"] == (4096,)
    assert shapes["fuse_module.mlp2.fc2.weight"] == (2048, 2048)
    assert shapes["fuse_module.layer_norm.bias"] == (2048,)
    assert shapes["vision_model.embeddings.position_embedding.weight"] == (257, 1024)
    assert shapes["vision_model.encoder.layers.23.mlp.fc2.weight"] == (1024, 4096)
    vision = sum(p.numel() for n, p in encoder.named_parameters() if n.startswith("vision_model."))
    assert vision == 303_179_776
    told = vision_config(encoder.state_dict())
    assert told.num_attention_heads == 16
    assert told.image_size == 224
    assert told.num_hidden_layers == 24


class Bomb:
    """Runs code where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> object:
        return (Path.touch, (self.trace,))


def test_a_pickle_that_runs_code_is_refused(unet: UNet2DConditionModel, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    encoder, lora = encoder_for(unet), tiny_lora(unet)
    file = save_photomaker(tmp_path / "p.bin", encoder, lora, more=Bomb(trace))
    with pytest.raises(WeightsCorrupt, match=r"p\.bin is not opened"):
        load(file, unet)
    (tmp_path / "q.bin").write_bytes(pickle.dumps(Bomb(trace), protocol=2))
    with pytest.raises(WeightsCorrupt, match=r"q\.bin is not opened"):
        load(tmp_path / "q.bin", unet)
    assert not trace.exists()


def test_wrong_files_are_named_as_such(unet: UNet2DConditionModel, tmp_path: Path) -> None:
    torch.save({"something": torch.zeros(1)}, tmp_path / "other.bin")
    with pytest.raises(WeightsUnavailable, match="holds no 'id_encoder'"):
        load(tmp_path / "other.bin", unet)
    with pytest.raises(InvalidInput, match=r"photomaker-v1\.bin"):
        load(tmp_path / "adapter.ckpt", unet)
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsUnavailable, match="id_encoder"):
        load(tmp_path / "other.safetensors", unet)
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    with pytest.raises(WeightsCorrupt, match="torn"):
        load(tmp_path / "torn.safetensors", unet)
    with pytest.raises(InvalidInput, match="target"):
        convert_identity(tmp_path / "other.bin", tmp_path / "out.bin")


def test_weights_of_another_size_are_refused(unet: UNet2DConditionModel, tmp_path: Path) -> None:
    lora = tiny_lora(unet)
    with pytest.raises(WeightsCorrupt, match="for prompts of width 10, not"):
        load(save_photomaker(tmp_path / "wide.bin", tiny_encoder(4, 6), lora), unet)
    encoder = encoder_for(unet)
    torn = {name: t for name, t in encoder.state_dict().items() if "mlp1.fc2" not in name}
    torch.save({"id_encoder": torn, "lora_weights": lora}, tmp_path / "gap.bin")
    with pytest.raises(WeightsCorrupt, match=r"lacks 2 tensors, such as fuse_module\.mlp1\.fc2"):
        load(tmp_path / "gap.bin", unet)
    with pytest.raises(WeightsCorrupt, match="lora_weights"):
        load(save_photomaker(tmp_path / "none.bin", encoder, {}), unet)


def test_converted_tensors_keep_their_number_format(
    unet: UNet2DConditionModel, tmp_path: Path
) -> None:
    encoder = encoder_for(unet).half()
    convert_identity(
        save_photomaker(tmp_path / "p.bin", encoder, tiny_lora(unet)), tmp_path / "p.safetensors"
    )
    stored = load_file(tmp_path / "p.safetensors")
    assert stored["id_encoder.visual_projection.weight"].dtype == torch.float16


def test_a_model_s_own_adapter_is_found_in_its_folder(folder: Path, tmp_path: Path) -> None:
    """The layout of the model that ships: FOLDER/identity/identity.safetensors."""
    own = tmp_path / "story"
    shutil.copytree(folder, own)
    plain = load_story_model(str(own), device="cpu")
    assert plain.identity is None
    (own / OWN_IDENTITY).parent.mkdir()
    encoder = encoder_for(plain.unet)
    save_adapter(own / OWN_IDENTITY, encoder, tiny_lora(plain.unet), {SEES: "figure"})
    write_sums(own)
    assert find_problems(own) == []
    identity = load_story_model(str(own), device="cpu").identity
    assert identity is not None
    assert identity.sees == "figure"
    other = save_photomaker(tmp_path / "p.bin", encoder, tiny_lora(plain.unet))
    named = load_story_model(str(own), device="cpu", identity=str(other)).identity
    assert named is not None
    assert (named.source, named.sees) == ("p.bin", "head")
    with (own / OWN_IDENTITY).open("ab") as file:
        file.write(b"more")
    assert find_problems(own) == [f"{OWN_IDENTITY} is not the published file: its sha256 differs"]


def test_what_an_adapter_looks_at_is_head_or_figure(
    unet: UNet2DConditionModel, tmp_path: Path
) -> None:
    lora, encoder = tiny_lora(unet), encoder_for(unet)
    file = tmp_path / "p.safetensors"
    with pytest.raises(WeightsCorrupt, match="sees is 'feet', not head or figure"):
        load(save_adapter(file, encoder, lora, {SEES: "feet"}), unet)


def test_an_adapter_can_tell_that_nobody_is_there(
    unet: UNet2DConditionModel, tmp_path: Path
) -> None:
    encoder = encoder_for(unet)
    looks = torch.zeros(1, encoder.config.hidden_size)
    assert encoder.surely_nobody(looks) == [False]
    doubts = {"somebody.weight": torch.zeros(1, looks.shape[1]), "somebody.bias": torch.zeros(1)}
    for bias, nobody in ((0.0, False), (-9.0, True)):
        doubts["somebody.bias"] += bias
        tensors = encoder.state_dict() | doubts
        file = tmp_path / f"{nobody}.bin"
        torch.save({"id_encoder": tensors, "lora_weights": tiny_lora(unet)}, file)
        assert load_identity(file, load_again(unet), CPU, torch.float32).encoder.surely_nobody(
            looks
        ) == [nobody]


def load_again(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """A network of the same shape without a LoRA."""
    return UNet2DConditionModel.from_config(unet.config)
