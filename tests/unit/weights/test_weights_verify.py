from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from vivant.weights.catalog import FileFacts, read_catalog
from vivant.weights.single_file import PUBLISHED, PUBLISHED_STORY
from vivant.weights.tiny import save_tiny_pose_model
from vivant.weights.tiny_story import Flavour, save_tiny_story_model
from vivant.weights.verify import expected_shapes, find_problems, meta_network, write_sums


@pytest.mark.parametrize(
    ("part", "parameters"),
    [
        ("transformer", 2_028_328_000),
        ("controlnet", 538_805_760),
        ("vae", 83_819_683),
        ("text_encoder", 123_650_304),
        ("text_encoder_2", 694_659_840),
        ("text_encoder_3", 4_762_310_656),
    ],
)
def test_full_size_parameter_counts(part: str, parameters: int) -> None:
    network = meta_network(part, PUBLISHED / part)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert all(parameter.is_meta for parameter in network.parameters())


@pytest.mark.parametrize(
    ("part", "parameters"),
    [
        ("unet", 2_567_463_684),
        ("vae", 83_653_863),
        ("text_encoder", 123_060_480),
        ("text_encoder_2", 694_659_840),
    ],
)
def test_full_size_parameter_counts_of_sdxl(part: str, parameters: int) -> None:
    network = meta_network(part, PUBLISHED_STORY / part)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert all(parameter.is_meta for parameter in network.parameters())


def half_precision_file_size(part: str, layout: Path = PUBLISHED) -> int:
    """Size in bytes of a float16 safetensors file with the expected tensors."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, shape in sorted(expected_shapes(part, layout / part).items()):
        end = place + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [place, end]}
        place = end
    length = len(json.dumps(header, separators=(",", ":")))
    return 8 + length + place


def test_the_published_transformer_file_has_room_for_exactly_these_tensors() -> None:
    published = read_catalog()["sd3-medium"].files
    size = published["transformer/diffusion_pytorch_model.safetensors"].size
    assert size is not None
    # The header is padded, and its length depends a little on who wrote it.
    assert half_precision_file_size("transformer") == pytest.approx(size, abs=64)


@pytest.mark.parametrize(
    ("name", "wrapped"),
    [
        ("unet/diffusion_pytorch_model.fp16.safetensors", 0),
        ("vae/diffusion_pytorch_model.fp16.safetensors", 0),
        ("text_encoder/model.fp16.safetensors", 196),
        ("text_encoder_2/model.fp16.safetensors", 0),
    ],
)
def test_the_published_files_of_sdxl_have_room_for_exactly_these_tensors(
    name: str, wrapped: int
) -> None:
    """Names of the first encoder's tensors are longer in files, by `text_model.`."""
    size = read_catalog()["SDXL"].files[name].size
    assert size is not None
    expected = half_precision_file_size(name.partition("/")[0], PUBLISHED_STORY)
    assert expected + wrapped * len("text_model.") == pytest.approx(size, abs=64)


@pytest.mark.parametrize(
    ("part", "entry", "name"),
    [
        ("vae", "sd3-medium", "vae/diffusion_pytorch_model.safetensors"),
        ("text_encoder", "sd3-medium", "text_encoder/model.safetensors"),
        ("text_encoder_2", "sd3-medium", "text_encoder_2/model.safetensors"),
        ("controlnet", "sd3-controlnet-pose", "diffusion_pytorch_model.safetensors"),
    ],
)
def test_the_other_published_files_agree_to_three_digits(part: str, entry: str, name: str) -> None:
    known = read_catalog()[entry].files[name]
    assert half_precision_file_size(part) == pytest.approx(known.bytes, rel=0.003)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("pos_embed.pos_embed", (1, 192 * 192, 1536)),
        ("pos_embed.proj.weight", (1536, 16, 2, 2)),
        ("context_embedder.weight", (1536, 4096)),
        ("time_text_embed.text_embedder.linear_1.weight", (1536, 2048)),
        ("transformer_blocks.0.norm1.linear.weight", (6 * 1536, 1536)),
        ("transformer_blocks.0.attn.add_k_proj.weight", (1536, 1536)),
        ("transformer_blocks.22.ff_context.net.0.proj.weight", (4 * 1536, 1536)),
        ("transformer_blocks.23.norm1_context.linear.weight", (2 * 1536, 1536)),
        ("transformer_blocks.23.ff.net.2.weight", (1536, 4 * 1536)),
        ("norm_out.linear.weight", (2 * 1536, 1536)),
        ("proj_out.weight", (2 * 2 * 16, 1536)),
    ],
)
def test_transformer_shapes_are_the_published_ones(name: str, shape: tuple[int, ...]) -> None:
    assert expected_shapes("transformer", PUBLISHED / "transformer")[name] == shape


@pytest.mark.parametrize(
    ("part", "name", "shape"),
    [
        ("unet", "conv_in.weight", (320, 4, 3, 3)),
        ("unet", "add_embedding.linear_1.weight", (1280, 1280 + 6 * 256)),
        ("unet", "down_blocks.1.attentions.0.proj_in.weight", (640, 640)),
        ("unet", "down_blocks.2.attentions.1.transformer_blocks.9.attn1.to_q.weight", (1280, 1280)),
        ("unet", "mid_block.attentions.0.transformer_blocks.9.attn2.to_k.weight", (1280, 2048)),
        ("unet", "up_blocks.0.attentions.2.transformer_blocks.9.attn1.to_v.weight", (1280, 1280)),
        ("unet", "up_blocks.1.attentions.2.transformer_blocks.1.attn1.to_out.0.weight", (640, 640)),
        ("unet", "up_blocks.2.resnets.2.conv_shortcut.weight", (320, 640, 1, 1)),
        ("vae", "quant_conv.weight", (8, 8, 1, 1)),
        ("vae", "decoder.mid_block.attentions.0.to_q.weight", (512, 512)),
        ("text_encoder", "embeddings.token_embedding.weight", (49408, 768)),
        ("text_encoder_2", "text_projection.weight", (1280, 1280)),
    ],
)
def test_shapes_of_sdxl_are_the_published_ones(
    part: str, name: str, shape: tuple[int, ...]
) -> None:
    assert expected_shapes(part, PUBLISHED_STORY / part)[name] == shape


def test_sdxl_attends_on_two_grids_of_its_up_blocks() -> None:
    names = expected_shapes("unet", PUBLISHED_STORY / "unet")
    layers = [
        name for name in names if name.startswith("up_") and name.endswith("attn1.to_q.weight")
    ]
    assert sum(name.startswith("up_blocks.0.") for name in layers) == 3 * 10
    assert sum(name.startswith("up_blocks.1.") for name in layers) == 3 * 2
    assert len(layers) == 36


def test_the_last_layer_has_no_text_output() -> None:
    names = expected_shapes("transformer", PUBLISHED / "transformer")
    assert "transformer_blocks.22.attn.to_add_out.weight" in names
    assert "transformer_blocks.23.attn.to_add_out.weight" not in names
    assert not any(name.startswith("transformer_blocks.24.") for name in names)


def test_a_sound_folder_has_no_problems(tmp_path: Path) -> None:
    folder = save_tiny_pose_model(tmp_path, t5=True)
    assert find_problems(folder) == []
    assert find_problems(folder / "controlnet") == []


@pytest.mark.parametrize("flavour", ["published", "embedded"])
def test_a_sound_story_folder_has_no_problems(tmp_path: Path, flavour: Flavour) -> None:
    folder = save_tiny_story_model(tmp_path, flavour=flavour, vae=flavour == "published")
    assert find_problems(folder) == []


def test_older_names_of_a_text_encoder_are_sound(tmp_path: Path) -> None:
    folder = save_tiny_story_model(tmp_path)
    file = folder / "text_encoder" / "model.safetensors"
    older = {f"text_model.{name}": tensor for name, tensor in load_file(file).items()}
    save_file(older, file)
    assert find_problems(folder) == []


def test_a_part_that_the_index_lists_must_be_there(tmp_path: Path) -> None:
    folder = save_tiny_story_model(tmp_path)
    shutil.rmtree(folder / "vae")
    assert find_problems(folder) == ["vae is missing"]


def test_lone_half_precision_doubles_are_checked(tmp_path: Path) -> None:
    file = save_tiny_story_model(tmp_path) / "unet" / "diffusion_pytorch_model.safetensors"
    double = file.rename(file.with_name("diffusion_pytorch_model.fp16.safetensors"))
    assert find_problems(tmp_path) == []
    tensors = load_file(double)
    del tensors["conv_in.bias"]
    save_file(tensors, double)
    assert find_problems(tmp_path) == ["unet: 1 tensors are missing, such as conv_in.bias"]


def test_a_missing_and_a_misshapen_tensor_are_found(tmp_path: Path) -> None:
    file = save_tiny_pose_model(tmp_path) / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    del tensors["decoder.conv_out.bias"]
    tensors["decoder.conv_in.bias"] = tensors["decoder.conv_in.bias"][:2].clone()
    save_file(tensors, file)
    lost, wrong = find_problems(tmp_path)
    assert lost == "vae: 1 tensors are missing, such as decoder.conv_out.bias"
    assert wrong == "vae: decoder.conv_in.bias is (2,), its configuration says (4,)"


def test_sums_catch_a_flipped_bit(tmp_path: Path) -> None:
    folder = save_tiny_pose_model(tmp_path)
    write_sums(folder)
    assert find_problems(folder) == []
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert find_problems(folder) == [
        "vae/diffusion_pytorch_model.safetensors is not the published file: its sha256 differs"
    ]


def test_facts_of_the_catalogue_are_checked(tmp_path: Path) -> None:
    folder = save_tiny_pose_model(tmp_path)
    facts = {"vae/none.safetensors": FileFacts(), "vivant.json": FileFacts(size=1)}
    missing, size = find_problems(folder, facts)
    assert missing == "vae/none.safetensors is missing"
    assert size.startswith("vivant.json has")


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    assert find_problems(tmp_path) == [f"{tmp_path} holds no model"]
