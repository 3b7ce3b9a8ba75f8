from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

import vivant.weights
from vivant.base.errors import InvalidInput, WeightsCorrupt, WeightsUnavailable
from vivant.weights.folder import autoencoder_dtype
from vivant.weights.load import load_story_model
from vivant.weights.model import StoryModel
from vivant.weights.noise import NoiseSchedule
from vivant.weights.pull import left_out
from vivant.weights.tiny import save_tiny_pose_model
from vivant.weights.tiny_story import save_tiny_story_model
from vivant.weights.traits import FreeU, StoryTraits
from vivant.weights.verify import find_problems


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_story_model(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture
def tiny(saved: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def test_a_folder_loads_whole(saved: Path) -> None:
    model = load_story_model(str(saved), device="cpu")
    assert model.device == torch.device("cpu")
    assert model.dtype == torch.float32
    assert model.source == saved.name
    assert model.noise == NoiseSchedule()
    assert model.traits == StoryTraits(native_size=64, size_multiple=32, freeu=FreeU())
    assert isinstance(model.text_encoders[0], CLIPTextModel)
    for net in (model.unet, model.vae, *model.text_encoders):
        assert not net.training
        assert not any(parameter.requires_grad for parameter in net.parameters())
        assert all(parameter.dtype == torch.float32 for parameter in net.parameters())


def test_loaded_weights_are_the_saved_ones(saved: Path) -> None:
    model = load_story_model(str(saved), device="cpu")
    parts = {"unet": model.unet, "vae": model.vae}
    for part, net in parts.items():
        stored = load_file(saved / part / "diffusion_pytorch_model.safetensors")
        for name, tensor in net.state_dict().items():
            assert torch.equal(tensor, stored[name]), name


def test_the_model_may_be_of_the_embedded_kind(tmp_path: Path) -> None:
    folder = save_tiny_story_model(tmp_path, flavour="embedded", traits={"freeu": False})
    model = load_story_model(str(folder), device="cpu")
    assert model.noise == NoiseSchedule(
        prediction_type="v_prediction", steps_offset=0, timestep_spacing="trailing"
    )
    assert model.traits.freeu is None
    assert model.vae.config.latent_channels == model.unet.config.in_channels == 16


def test_an_autoencoder_can_be_borrowed_from_a_model_in_the_package(tmp_path: Path) -> None:
    traits = {"vae_of": "embedded"}
    folder = save_tiny_story_model(tmp_path, flavour="embedded", vae=False, traits=traits)
    model = load_story_model(str(folder), device="cpu")
    lender = Path(vivant.weights.__file__).parent / "embedded" / "pose" / "vae"
    stored = load_file(lender / "diffusion_pytorch_model.safetensors")
    name = "decoder.conv_out.weight"
    assert torch.equal(model.vae.state_dict()[name], stored[name].float())


@pytest.mark.parametrize("lender", ["nobody", "sd3-medium"])
def test_an_autoencoder_from_elsewhere_is_refused(tmp_path: Path, lender: str) -> None:
    folder = save_tiny_story_model(tmp_path, vae=False, traits={"vae_of": lender})
    with pytest.raises(WeightsCorrupt, match=r"vivant\.json: vae_of"):
        load_story_model(str(folder), device="cpu")


def test_half_precision_spares_the_autoencoder_that_would_overflow(saved: Path) -> None:
    model = load_story_model(str(saved), device="cpu", dtype="float16")
    assert model.dtype == model.unet.dtype == torch.float16
    assert model.vae.dtype == torch.float32
    assert load_story_model(str(saved), device="cpu", dtype="bfloat16").vae.dtype == torch.bfloat16


def test_an_autoencoder_that_was_mended_stays_narrow(tiny: Path) -> None:
    path = tiny / "vae" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"force_upcast": False}
    path.write_text(json.dumps(config), encoding="utf-8")
    assert autoencoder_dtype(path.parent, torch.float16) == torch.float16


def outputs(model: StoryModel) -> list[torch.Tensor]:
    """What the networks make of fixed inputs."""
    size = model.unet.config.sample_size
    latents = torch.linspace(-1, 1, 4 * size * size).reshape(1, 4, size, size)
    ids = torch.arange(8)[None]
    with torch.inference_mode():
        narrow = model.text_encoders[0](ids).last_hidden_state
        wide = model.text_encoders[1](ids, output_hidden_states=True)
        text = torch.cat([narrow, wide.hidden_states[-2]], dim=-1)
        noise = model.unet(
            latents,
            torch.tensor([500.0]),
            encoder_hidden_states=text,
            added_cond_kwargs={"text_embeds": wide.text_embeds, "time_ids": torch.ones(1, 6)},
        ).sample
        return [text, wide.text_embeds, noise, model.vae.decode(latents).sample]


def test_names_of_older_files_give_the_same_text(saved: Path, tiny: Path) -> None:
    """Published files of the first encoder have their tensors under `text_model.`."""
    file = tiny / "text_encoder" / "model.safetensors"
    older = {f"text_model.{name}": tensor for name, tensor in load_file(file).items()}
    save_file(older, file, metadata={"format": "pt"})
    exact = outputs(load_story_model(str(saved), device="cpu"))
    torch.testing.assert_close(outputs(load_story_model(str(tiny), device="cpu")), exact)


def halve(folder: Path, *, keep: bool) -> None:
    """Write the half-precision doubles of a folder's files, and keep the main files or not."""
    for file in sorted(folder.rglob("*.safetensors")):
        halved = {name: tensor.half() for name, tensor in load_file(file).items()}
        double = file.with_name(file.name.replace(".safetensors", ".fp16.safetensors"))
        save_file(halved, double, metadata={"format": "pt"})
        if not keep:
            file.unlink()


def test_half_precision_doubles_serve_where_they_are_alone(saved: Path, tiny: Path) -> None:
    halve(tiny, keep=False)
    exact = outputs(load_story_model(str(saved), device="cpu"))
    rounded = outputs(load_story_model(str(tiny), device="cpu"))
    for one, other in zip(exact, rounded, strict=True):
        assert not torch.equal(one, other)
        torch.testing.assert_close(one, other, rtol=0.02, atol=0.02)


def test_main_files_come_first(saved: Path, tiny: Path) -> None:
    halve(tiny, keep=True)
    both = load_story_model(str(tiny), device="cpu").unet.state_dict()
    exact = load_story_model(str(saved), device="cpu").unet.state_dict()
    assert all(torch.equal(tensor, exact[name]) for name, tensor in both.items())


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "text_encoder_2"])
def test_a_missing_tensor_is_an_error_and_not_random(tiny: Path, part: str) -> None:
    file = next((tiny / part).glob("*.safetensors"))
    tensors = load_file(file)
    del tensors[min(name for name in tensors if name.endswith("weight"))]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(WeightsCorrupt, match=f"{part} lacks 1 tensors"):
        load_story_model(str(tiny), device="cpu")


@pytest.mark.parametrize("part", ["vae", "tokenizer", "scheduler", "text_encoder_2"])
def test_a_missing_part_is_named(tiny: Path, part: str) -> None:
    shutil.rmtree(tiny / part)
    with pytest.raises(WeightsUnavailable, match=part):
        load_story_model(str(tiny), device="cpu")


def test_a_pose_model_is_no_story_model(tmp_path: Path) -> None:
    folder = save_tiny_pose_model(tmp_path, traits_file=False)
    with pytest.raises(WeightsUnavailable, match="no SDXL model"):
        load_story_model(str(folder), device="cpu")


def test_a_folder_of_pickles_is_refused(tiny: Path) -> None:
    stored = tiny / "unet" / "diffusion_pytorch_model.safetensors"
    stored.rename(stored.with_suffix(".bin"))
    with pytest.raises(WeightsUnavailable, match=r"unet holds no \.safetensors"):
        load_story_model(str(tiny), device="cpu")


@pytest.mark.parametrize("name", ["nonsense", "embedded", "realvision", "x.safetensors"])
def test_an_unknown_reference_says_what_is_known(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_story_model(name)
    assert caught.value.field == "weights"


class Hub:
    """A hub that serves copies of a folder's files, and remembers what was asked of it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.cache = cache
        self.asked: list[tuple[str, str | None, str | None]] = []

    def __call__(
        self, repo: str, *, revision: str | None, files: Sequence[str], token: str | None
    ) -> Path:
        self.asked.append((repo, revision, token))
        for source in filter(Path.is_file, self.folder.rglob("*")):
            name = source.relative_to(self.folder).as_posix()
            wanted = any(fnmatch(name, pattern) for pattern in files)
            if wanted and not any(fnmatch(name, pattern) for pattern in left_out(files)):
                (self.cache / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, self.cache / name)
        return self.cache

    def weights(self) -> set[str]:
        """Names of the weights files that were fetched."""
        found = (*self.cache.rglob("*.safetensors"), *self.cache.rglob("*.bin"))
        return {file.relative_to(self.cache).as_posix() for file in found}


@pytest.fixture
def hub(tiny: Path, tmp_path: Path) -> Hub:
    return Hub(tiny, tmp_path / "cache")


@pytest.mark.parametrize(
    ("reference", "repo", "revision"),
    [
        ("RealVision", "SG161222/RealVisXL_V4.0", None),
        ("Unstable", "stablediffusionapi/sdxl-unstable-diffusers-y", None),
        ("someone/tiny@v1", "someone/tiny", "v1"),
    ],
)
def test_names_and_hub_ids_are_downloaded(
    hub: Hub, reference: str, repo: str, revision: str | None
) -> None:
    model = load_story_model(reference, device="cpu", token="secret", download=hub)  # noqa: S106
    assert model.source == reference
    assert set(hub.asked) == {(repo, revision, "secret")}
    assert (hub.cache / "scheduler" / "scheduler_config.json").is_file()


def test_half_precision_doubles_are_fetched_and_the_rest_is_not(hub: Hub) -> None:
    halve(hub.folder, keep=True)
    (hub.folder / "unet" / "diffusion_pytorch_model.fp16.bin").write_bytes(b"")
    (hub.folder / "text_encoder" / "model.onnx").write_bytes(b"")
    load_story_model("RealVision", device="cpu", download=hub)
    assert hub.weights() == {
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
        "text_encoder/model.fp16.safetensors",
        "text_encoder_2/model.fp16.safetensors",
    }
    assert not list(hub.cache.rglob("*.onnx"))


def test_a_part_without_a_double_is_fetched_as_it_is(hub: Hub) -> None:
    halve(hub.folder / "unet", keep=True)
    load_story_model("someone/tiny", device="cpu", download=hub)
    assert hub.weights() == {
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "text_encoder_2/model.safetensors",
    }


def pickle_weights(folder: Path) -> None:
    """Turn all safetensors into the pickles that torch writes."""
    for file in sorted(folder.rglob("*.safetensors")):
        stem = "diffusion_pytorch_model" if "diffusion" in file.name else "pytorch_model"
        torch.save(load_file(file), file.with_name(f"{stem}.bin"))
        file.unlink()


def test_the_catalogue_may_allow_pickles_of_tensors(saved: Path, hub: Hub) -> None:
    pickle_weights(hub.folder)
    with pytest.raises(WeightsUnavailable, match="pickles are not loaded"):
        load_story_model("RealVision", device="cpu", download=hub)
    assert hub.weights() == set()
    model = load_story_model("Unstable", device="cpu", download=hub)
    assert find_problems(hub.cache, pickles=True) == []
    exact = outputs(load_story_model(str(saved), device="cpu"))
    torch.testing.assert_close(outputs(model), exact)


class Trap:
    """Pickled code that leaves a trace when it runs."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("part", ["unet", "text_encoder_2"])
def test_code_in_an_allowed_pickle_does_not_run(hub: Hub, tmp_path: Path, part: str) -> None:
    pickle_weights(hub.folder)
    file = next((hub.folder / part).glob("*.bin"))
    trace = tmp_path / "trace"
    torch.save({"weight": Trap(trace)}, file)
    with pytest.raises(WeightsCorrupt, match=part):
        load_story_model("Unstable", device="cpu", download=hub)
    assert [line.split(":")[0] for line in find_problems(hub.cache, pickles=True)] == [part]
    assert not trace.exists()
