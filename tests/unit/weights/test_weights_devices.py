from __future__ import annotations

import pytest
import torch

from vivant.base.errors import InvalidInput
from vivant.weights.devices import (
    ROOMY_CARD_FOR_STORIES_GB,
    ROOMY_CARD_GB,
    ROOMY_CARD_WITH_T5_GB,
    Machine,
    Placement,
    choose_placement,
    this_machine,
)

BARE = Machine()
NEW_PROCESSOR = Machine(cpu_bfloat16=True)
OLD_CARD = Machine(cuda=(7, 5), cuda_memory_gb=16.9)
SMALL_CARD = Machine(cuda=(8, 6), cuda_memory_gb=12.6)
BIG_CARD = Machine(cuda=(9, 0), cuda_memory_gb=80.0)
MAC = Machine(mps=True)


def place(machine: Machine, *, small: bool = False, roomy_gb: float = ROOMY_CARD_GB) -> Placement:
    return choose_placement("auto", "auto", "auto", machine=machine, small=small, roomy_gb=roomy_gb)


@pytest.mark.parametrize(
    ("machine", "device", "dtype", "offload"),
    [
        (BARE, "cpu", torch.float32, "none"),
        (NEW_PROCESSOR, "cpu", torch.bfloat16, "none"),
        (OLD_CARD, "cuda", torch.float16, "none"),
        (SMALL_CARD, "cuda", torch.bfloat16, "model"),
        (BIG_CARD, "cuda", torch.bfloat16, "none"),
        (MAC, "mps", torch.float16, "none"),
    ],
)
def test_what_auto_means(machine: Machine, device: str, dtype: torch.dtype, offload: str) -> None:
    assert place(machine) == Placement(torch.device(device), dtype, offload)  # type: ignore[arg-type]


def test_small_models_stay_exact_and_whole_on_cards() -> None:
    assert place(SMALL_CARD, small=True) == Placement(torch.device("cuda"), torch.float32, "none")


def test_small_models_are_quick_on_processors() -> None:
    cpu = torch.device("cpu")
    assert place(NEW_PROCESSOR, small=True) == Placement(cpu, torch.bfloat16, "none")
    assert place(BARE, small=True) == Placement(cpu, torch.float32, "none")


def test_t5_needs_a_bigger_card() -> None:
    assert place(OLD_CARD, roomy_gb=ROOMY_CARD_WITH_T5_GB).offload == "model"
    assert place(BIG_CARD, roomy_gb=ROOMY_CARD_WITH_T5_GB).offload == "none"


def test_stories_fit_a_smaller_card() -> None:
    assert place(SMALL_CARD, roomy_gb=ROOMY_CARD_FOR_STORIES_GB).offload == "none"
    tight = Machine(cuda=(8, 6), cuda_memory_gb=8.6)
    assert place(tight, roomy_gb=ROOMY_CARD_FOR_STORIES_GB).offload == "model"


def test_what_the_user_says_wins() -> None:
    chosen = choose_placement(
        "cuda:1", "float16", "model", machine=BIG_CARD, small=False, roomy_gb=ROOMY_CARD_GB
    )
    assert chosen == Placement(torch.device("cuda:1"), torch.float16, "model")


@pytest.mark.parametrize(
    ("device", "dtype", "offload", "field"),
    [
        ("tpu", "auto", "auto", "device"),
        ("cuda", "auto", "auto", "device"),
        ("mps", "auto", "auto", "device"),
        ("cpu:x", "auto", "auto", "device"),
        ("cpu", "float8", "auto", "dtype"),
        ("cpu", "auto", "disk", "offload"),
        ("cpu", "auto", "model", "offload"),
    ],
)
def test_nonsense_is_refused(device: str, dtype: str, offload: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        choose_placement(device, dtype, offload, machine=BARE, small=True, roomy_gb=ROOMY_CARD_GB)
    assert caught.value.field == field


def test_this_machine_agrees_with_torch() -> None:
    assert (this_machine().cuda is not None) == torch.cuda.is_available()
