from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from vivant.base.errors import InvalidInput, WeightsCorrupt, WeightsUnavailable
from vivant.weights.devices import Placement
from vivant.weights.folder import load_controlnet, load_folder
from vivant.weights.fused import FusedLinear
from vivant.weights.load import load_pose_model, place
from vivant.weights.tiny import save_tiny_pose_model
from vivant.weights.traits import Traits

DTYPES = ("float32", "bfloat16")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_pose_model(tmp_path_factory.mktemp("weights") / "tiny", t5=True)


@pytest.fixture
def tiny(saved: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


class Hub:
    """A hub of local folders, which remembers what was asked of it."""

    def __init__(self, **folders: Path) -> None:
        self.folders = folders
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.files: Sequence[str] = ()

    def __call__(
        self, repo: str, *, revision: str | None, files: Sequence[str], token: str | None
    ) -> Path:
        self.asked.append((repo, revision, token))
        self.files = files
        return self.folders[repo.partition("/")[2].replace("-", "_").lower()]


def test_a_folder_loads_whole(saved: Path) -> None:
    model = load_pose_model(str(saved), device="cpu")
    assert model.text_encoder_3 is None
    assert model.tokenizer_3 is None
    assert model.device == torch.device("cpu")
    assert model.dtype == torch.float32
    assert model.source == saved.name  # pictures carry it, and the path is nobody's business
    assert model.traits == Traits(native_size=64, size_multiple=16, zero_text_tokens=4)
    nets = (model.transformer, model.controlnet, model.vae, *model.text_encoders)
    for net in nets:
        assert not net.training
        assert not any(parameter.requires_grad for parameter in net.parameters())
        assert all(parameter.dtype == torch.float32 for parameter in net.parameters())


def test_loaded_weights_are_the_saved_ones(saved: Path) -> None:
    model = load_pose_model(str(saved), device="cpu")
    stored = load_file(saved / "transformer" / "diffusion_pytorch_model.safetensors")
    for name, tensor in model.transformer.state_dict().items():
        assert torch.equal(tensor, stored[name]), name


def test_half_precision_files_are_widened_on_a_cpu(tiny: Path) -> None:
    for file in tiny.rglob("*.safetensors"):
        halved = {name: tensor.half() for name, tensor in load_file(file).items()}
        save_file(halved, file, metadata={"format": "pt"})
    model = load_pose_model(str(tiny), device="cpu")
    assert next(model.transformer.parameters()).dtype == torch.float32
    assert next(model.text_encoders[0].parameters()).dtype == torch.float32


def test_dtype_is_obeyed(saved: Path) -> None:
    model = load_pose_model(str(saved), device="cpu", dtype="bfloat16")
    assert model.dtype == torch.bfloat16
    assert next(model.vae.parameters()).dtype == torch.bfloat16


def test_networks_in_bfloat16_on_a_cpu_get_fused_layers(saved: Path) -> None:
    models = {name: load_pose_model(str(saved), device="cpu", dtype=name) for name in DTYPES}
    for name, model in models.items():
        networks = (model.transformer, model.controlnet, *model.text_encoders)
        for network in networks:
            kinds = {type(layer) for layer in network.modules()}
            assert (FusedLinear in kinds) == (name == "bfloat16")
            assert (nn.Linear in kinds) == (name == "float32")
        with torch.inference_mode():
            latents = torch.linspace(-1, 1, 16 * 64, dtype=model.dtype).reshape(1, 16, 8, 8)
            assert model.vae.decode(latents).sample.isfinite().all()


def test_t5_comes_when_asked_for(saved: Path) -> None:
    model = load_pose_model(str(saved), device="cpu", t5=True)
    assert model.text_encoder_3 is not None
    assert model.tokenizer_3 is not None
    tokens = model.tokenizer_3("a cat", return_tensors="pt").input_ids
    width = model.transformer.config.joint_attention_dim
    assert model.text_encoder_3(tokens).last_hidden_state.shape == (1, tokens.shape[1], width)


def test_a_model_without_t5_says_so(tmp_path: Path) -> None:
    folder = save_tiny_pose_model(tmp_path)
    with pytest.raises(WeightsUnavailable, match="no text_encoder_3"):
        load_pose_model(str(folder), t5=True)


def test_a_hub_id_is_downloaded_at_its_revision(saved: Path) -> None:
    hub = Hub(tiny=saved)
    load_pose_model("someone/tiny@v1", device="cpu", token="secret", download=hub)  # noqa: S106
    assert hub.asked == [("someone/tiny", "v1", "secret")]
    assert not any("text_encoder_3" in pattern for pattern in hub.files)
    load_pose_model("someone/tiny", device="cpu", t5=True, download=hub)
    assert hub.asked[1][1] is None
    assert "text_encoder_3/*" in hub.files


def test_the_published_model_takes_the_published_control_net(tiny: Path) -> None:
    control = tiny.parent / "control"
    shutil.move(tiny / "controlnet", control)
    hub = Hub(stable_diffusion_3_medium_diffusers=tiny, sd3_controlnet_pose=control)
    model = load_pose_model("sd3-medium", device="cpu", download=hub)
    repos = [repo for repo, _, _ in hub.asked]
    assert repos == [
        "stabilityai/stable-diffusion-3-medium-diffusers",
        "InstantX/SD3-Controlnet-Pose",
    ]
    assert all(revision is not None for _, revision, _ in hub.asked)
    assert model.controlnet.config.num_layers == 1


def test_a_control_net_of_ones_own(saved: Path, tmp_path: Path) -> None:
    other = save_tiny_pose_model(tmp_path, seed=5) / "controlnet"
    model = load_pose_model(str(saved), controlnet=str(other), device="cpu")
    stored = load_file(other / "diffusion_pytorch_model.safetensors")
    name = "controlnet_blocks.0.weight"
    assert torch.equal(model.controlnet.state_dict()[name], stored[name])


@pytest.mark.parametrize(
    "name", ["no such thing", "nonsense", "sd3-controlnet-pose", "a/b/c", "x.safetensors"]
)
def test_an_unknown_reference_says_what_is_known(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_pose_model(name)
    assert caught.value.field == "weights"


def test_pickles_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.ckpt"
    file.write_bytes(b"\x80")
    with pytest.raises(InvalidInput, match="pickles can run code"):
        load_pose_model(str(file))


def test_a_folder_of_pickles_is_refused(tiny: Path) -> None:
    stored = tiny / "vae" / "diffusion_pytorch_model.safetensors"
    stored.rename(stored.with_suffix(".bin"))
    with pytest.raises(WeightsUnavailable, match=r"vae holds no \.safetensors"):
        load_pose_model(str(tiny))


def test_a_missing_part_is_named(tiny: Path) -> None:
    shutil.rmtree(tiny / "tokenizer_2")
    with pytest.raises(WeightsUnavailable, match="tokenizer_2"):
        load_pose_model(str(tiny))


@pytest.mark.parametrize("part", ["transformer", "text_encoder", "controlnet"])
def test_a_missing_tensor_is_an_error_and_not_random(tiny: Path, part: str) -> None:
    file = next((tiny / part).glob("*.safetensors"))
    tensors = load_file(file)
    lost = min(name for name in tensors if name.endswith("weight"))
    del tensors[lost]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(WeightsCorrupt, match=part):
        load_pose_model(str(tiny))


@pytest.mark.parametrize("part", ["vae", "text_encoder_2"])
def test_a_file_cut_off_is_an_error(tiny: Path, part: str) -> None:
    file = next((tiny / part).glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WeightsCorrupt, match=part):
        load_pose_model(str(tiny))


def test_parts_that_take_turns_give_the_same_results(saved: Path) -> None:
    plain = load_folder(saved, torch.float32, t5=True)
    turns = load_folder(saved, torch.float32, t5=True)
    control = load_controlnet(saved / "controlnet", torch.float32)
    # On a CPU nothing moves, but all hooks are called as they are on a card.
    placement = Placement(torch.device("cpu"), torch.float32, "model")
    encoders = [*turns.text_encoders, turns.text_encoder_3]
    place(encoders, [control, turns.transformer], turns.vae, placement)
    latents = torch.ones(1, 16, 4, 4)
    ids = torch.tensor([[1, 2, 3]])
    for one, other in ((plain, turns), (turns, plain)):
        assert torch.equal(one.vae.decode(latents).sample, other.vae.decode(latents).sample)
        for mine, theirs in zip(one.text_encoders, other.text_encoders, strict=True):
            assert torch.equal(mine(ids).text_embeds, theirs(ids).text_embeds)
    hooked = (turns.transformer, turns.vae, control, turns.text_encoder_3, *turns.text_encoders)
    assert all(hasattr(net, "_hf_hook") for net in hooked)
    assert not hasattr(plain.transformer, "_hf_hook")
