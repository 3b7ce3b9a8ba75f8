"""The embedded identity adapter: a small CLIP that sees, a fuse module, and a LoRA of the UNet."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPVisionConfig

from training.identity_crops import REGIONS, TRAITS
from training.judges import HIDDEN
from training.story_models import WIDTHS
from vivant.weights.identity import ADAPTER, ENCODER, LORA, SEES
from vivant.weights.identity_encoder import IdentityEncoder

VISION = CLIPVisionConfig(
    hidden_size=128,
    intermediate_size=384,
    num_hidden_layers=3,
    num_attention_heads=2,
    image_size=96,
    patch_size=8,
    projection_dim=WIDTHS[0],
)
"""144 patches of 8 x 8 pixels for each view: enough for buttons and glasses, little to compute."""

RANK = 16
"""Of the LoRA."""

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
"""The linear layers that have one, in self-attention and cross-attention, as PhotoMaker's."""

FILE = "identity.safetensors"


class Eye(nn.Module):
    """An identity encoder that learns to see: a linear layer for each trait.

    They are thrown away in the end, but for the one that tells whether anybody is there. Every
    patch on the figure learns to tell the traits too, and all learn what they lie on: the class
    token alone learns slowly (Jiang et al. 2021, "All Tokens Matter", arXiv 2104.10858).
    """

    def __init__(self, vision: CLIPVisionConfig = VISION) -> None:
        super().__init__()
        self.encoder = IdentityEncoder(vision, WIDTHS[1])
        self.heads = nn.ModuleDict(
            {name: nn.Linear(vision.hidden_size, len(kinds)) for name, kinds in TRAITS.items()}
        )
        self.where = nn.Linear(vision.hidden_size, len(REGIONS))
        nn.init.normal_(self.encoder.vision_model.embeddings.position_embedding.weight, std=0.2)

    def logits(self, looks: Tensor) -> dict[str, Tensor]:
        """[n, classes] for each trait, of what the encoder's `look` returns."""
        return {name: head(looks) for name, head in self.heads.items()}

    def loss(self, looks: Tensor, labels: Tensor) -> Tensor:
        """Mean over traits of the cross-entropy; labels [n, traits] as `TRAITS` orders them."""
        total = looks.new_zeros(())
        for i, logits in enumerate(self.logits(looks).values()):
            shown = labels[:, i] != HIDDEN
            if shown.any():
                each = nn.functional.cross_entropy(logits[shown].float(), labels[shown, i])
                total = total + each
        return total / len(TRAITS)

    def loss_of_patches(self, pictures: Tensor, labels: Tensor, regions: Tensor) -> Tensor:
        """The class token's loss, that of the figure's patches, and of where patches lie.

        Args:
            pictures: [n, 3, side, side].
            labels: see `loss`.
            regions: [n, patches].
        """
        vision = self.encoder.vision_model
        out = vision(pictures)
        patches = vision.post_layernorm(out.last_hidden_state[:, 1:])
        where = nn.functional.cross_entropy(self.where(patches).flatten(0, 1), regions.flatten())
        owners, cells = (regions > 0).nonzero(as_tuple=True)
        of_figure = self.loss(patches[owners, cells], labels[owners])
        return self.loss(out.pooler_output, labels) + 0.5 * of_figure + 0.3 * where


class Adapter(nn.Module):
    """All that is trained: the eye with its fuse module, and a LoRA inside somebody's UNet.

    Args:
        eye: sees; its projections and fuse module are its encoder's.
        unet: gets the LoRA; its own weights are frozen.
    """

    def __init__(self, eye: Eye, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.eye = eye
        unet.requires_grad_(requires_grad=False)
        config = LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(ATTENTION))
        unet.add_adapter(config, adapter_name=ADAPTER)
        self.lora = nn.ParameterDict(
            {
                name.replace(".", "/"): parameter
                for name, parameter in unet.named_parameters()
                if f".{ADAPTER}." in name
            }
        )

    def merge(self, tokens: Tensor, places: Tensor, seen: Tensor) -> Tensor:
        """Prompts with what was seen in their class words, as `IdentityEncoder.merge`.

        Args:
            tokens: [groups, panels, length, width]; class words stand once for each view.
            places: of the first of them [groups, panels]; 0 where a prompt has none.
            seen: [groups, views, width].
        """
        rows, panels = (places > 0).nonzero(as_tuple=True)
        word = places[rows, panels][:, None] + torch.arange(seen.shape[1], device=places.device)
        where = rows[:, None], panels[:, None], word
        merged = tokens.float().clone()
        merged[where] = self.eye.encoder.fuse_module(merged[where], seen[rows]).float()
        return merged


@torch.no_grad()
def begin_neutral(encoder: IdentityEncoder, tokens: Tensor) -> None:
    """Let an untrained fuse module return about the token that it was given.

    Both of its networks begin with nothing to add, and the last norm gives back the level and the
    spread that class words have.

    Args:
        encoder: whose fuse module it is.
        tokens: of some class words, [words, width].
    """
    fuse = encoder.fuse_module
    for layer in (fuse.mlp1.fc2, fuse.mlp2.fc2):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    nn.init.constant_(fuse.layer_norm.weight, float(tokens.std(-1).mean()))
    nn.init.constant_(fuse.layer_norm.bias, float(tokens.mean()))


def save_eye(path: Path, eye: Eye) -> None:
    """Write an eye, to begin from."""
    save_file({name: tensor.contiguous() for name, tensor in eye.state_dict().items()}, path)


def load_eye(path: Path) -> Eye:
    """Read what `save_eye` wrote."""
    eye = Eye()
    eye.load_state_dict(load_file(path))
    return eye


def save_adapter(folder: Path, adapter: Adapter) -> Path:
    """Write the file that the package ships, float16, with the names of the published one."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{ENCODER}.{name}": t for name, t in adapter.eye.encoder.state_dict().items()}
    person = adapter.eye.heads["person"]  # two classes make one logit: how much likelier is "yes"
    for part, of_class in (("weight", person.weight), ("bias", person.bias)):
        tensors[f"{ENCODER}.somebody.{part}"] = (of_class[1] - of_class[0]).detach()[None]
    for name, parameter in adapter.lora.items():
        layer = name.replace("/", ".").replace(f".{ADAPTER}.", ".")
        tensors[f"{LORA}.unet.{layer}"] = parameter.detach()
    half = {name: tensor.half().contiguous() for name, tensor in tensors.items()}
    save_file(half, folder / FILE, {SEES: "parts"})
    return folder / FILE


@torch.no_grad()
def load_adapter(path: Path, adapter: Adapter) -> None:
    """Begin from what `save_adapter` wrote; what was thrown away stays as it is.

    Raises:
        RuntimeError: it is another network's.
    """
    half = load_file(path)
    inside = f"{ENCODER}."
    seen = {name.removeprefix(inside): t for name, t in half.items() if name.startswith(inside)}
    person = adapter.eye.heads["person"]
    for part, of_class in (("weight", person.weight), ("bias", person.bias)):
        logit = seen.pop(f"somebody.{part}")[0].float() / 2
        of_class.copy_(torch.stack([-logit, logit]))
    adapter.eye.encoder.load_state_dict(seen)
    for name, parameter in adapter.lora.items():
        layer = name.replace("/", ".").replace(f".{ADAPTER}.", ".")
        parameter.copy_(half[f"{LORA}.unet.{layer}"])
