"""Random networks written node by node: their scores are found in every digit, or they are refused with a way out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.lower import activations, arithmetic, quantizers
from hwcodesign.lower.values import Affine
from tests.lower.programs import FRAMES, Program, outcome

FEW = 32


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    return [Program(seed) for seed in range(FEW)]


def require_right(program: Program, folder: Path) -> bool:
    """Whether it is exact; what is refused tells a fix for each cause."""
    found, message = outcome(program, folder)
    assert found != "wrong", message
    if found == "refused":
        _, *lines = message.splitlines()
        assert lines and all(line.startswith("    -> ") for line in lines[1::2]), message
        assert "are not those of" not in message  # what is said of a damaged node
    return found == "exact"


def test_exact_or_refused_with_a_way_out(programs: list[Program], tmp_path: Path) -> None:
    exact = [program for program in programs if require_right(program, tmp_path)]
    assert len(exact) > FEW / 2
    different = [len(np.unique(program.tensors.real(program.output), axis=0)) for program in exact]
    assert np.mean(different) > FRAMES / 3


FAULTS: dict[str, tuple[object, str, Callable[..., object]]] = {
    "a threshold too high": (activations, "thresholds", lambda *asked: quantizers.thresholds(*asked) + 1),
    "a difference the wrong way round": (arithmetic, "_line", lambda name, first, n: Affine(np.ones(len(n)), n)),
    "rows turned behind a maximum": (activations, "can_turn", lambda *asked: True),
    "one channel's constant for all": (
        arithmetic,
        "per_channel",
        lambda value, constant: np.full(value.shape[0], constant.astype(float).ravel()[0]),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str, programs: list[Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*FAULTS[name])
    assert any(outcome(program, tmp_path)[0] == "wrong" for program in programs)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 2000, 100))
def test_many_more(first: int, tmp_path: Path) -> None:
    assert sum(require_right(Program(seed), tmp_path) for seed in range(first, first + 100)) > 50
