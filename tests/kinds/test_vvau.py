"""The depthwise unit behind a depthwise window is PyTorch's grouped convolution; its foldings; what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.integers import PIXEL
from hwcodesign.dataflow import Attribute, Dataflow, IntType, Stream
from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.calibration import calibrated
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.graph.builder import Assembly
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan import plan
from sim.vvau import cases

VVAU, WINDOW = kind_of("vvau"), kind_of("sliding_window")
INT4, ACC = IntType(4, signed=True), IntType(20, signed=True)


def graph(multiplier: int = 1, kernel: tuple[int, int] = (3, 2), out_type: IntType | None = None) -> Dataflow:
    assembly = Assembly("input", Stream((7, 6, 4), PIXEL))
    window = assembly.sliding_window("dw.window", "input", kernel, (2, 1), depthwise=True)
    assembly.vvau("dw", window, kernel[0] * kernel[1], multiplier, out_type=out_type, weight_type=INT4, acc_type=ACC)
    return randomised(assembly.finish({}), 1)


@pytest.mark.parametrize("multiplier", [1, 3])
def test_window_and_unit_together(multiplier: int) -> None:
    window, layer = graph(multiplier).layers
    frames = np.random.default_rng(1).integers(0, 256, (2, 7, 6, 4))
    sums = VVAU.run(layer, WINDOW.run(window, [frames]))[0]
    weights = layer.tensors["weights"].reshape(3, 2, -1)
    for (frame, y, x, output), value in np.ndenumerate(sums):
        seen = frames[frame, 2 * y : 2 * y + 3, x : x + 2, output // multiplier]
        assert value == (seen * weights[:, :, output]).sum()


def test_foldings_and_their_cycles() -> None:
    _, layer = graph(2).layers
    cycles = {(f.pe, f.simd): VVAU.cycles(layer, f) for f in VVAU.foldings(layer)}
    pixels = layer.output.pixels
    assert cycles == {(1, 1): 24 * pixels, (2, 1): 12 * pixels, (4, 1): 6 * pixels, (4, 2): 3 * pixels,
                      (4, 3): 2 * pixels, (4, 6): pixels}  # fmt: skip
    assert VVAU.lanes(layer, Folding(2)) == (2, 4) and VVAU.lanes(layer, Folding(4, 3)) == (12, 8)


def test_what_a_unit_takes_depends_on_what_is_constant_and_what_comes_at_once() -> None:
    _, layer = graph(2).layers
    slow, fast = VVAU.logic(layer, Folding(4)), VVAU.logic(layer, Folding(4, 6))
    assert slow.parts["accumulators"] == 8 * 20 and fast.parts["accumulators"] == 0
    assert "multipliers" in slow.parts and "constant_multipliers" in fast.parts
    assert fast.parts["constant_multipliers"] < 6 * slow.parts["multipliers"]


def test_thresholds_of_few_words_are_partly_constant() -> None:
    _, layer = graph(out_type=IntType(3, signed=False)).layers
    parts = {pe: VVAU.logic(layer, Folding(pe)).parts for pe in (1, 2, 4)}
    (name,) = (name for name in parts[1] if name.startswith("threshold"))
    shares = {pe: part[f"constant_{name}"] / (part[name] + part[f"constant_{name}"]) for pe, part in parts.items()}
    assert shares == {1: pytest.approx(1 / 8, abs=0.02), 2: pytest.approx(1 / 2, abs=0.02), 4: 1}


# LUTs and flip-flops by Yosys 0.70 of the bench's cases from a seed that no fit saw, with memories in block RAM.
SYNTHESIZED = {"xilinx7": (4699, 4301), "ultrascale-plus": (4709, 4301)}


@pytest.mark.parametrize(("family", "taken"), SYNTHESIZED.items())
def test_estimates_of_unseen_cases_are_in_total_near_what_synthesis_gives(family: str, taken: tuple[int, int]) -> None:
    estimates = [calibrated(FAMILIES[family], "vvau", VVAU.logic(*case)) for case in cases(np.random.default_rng(3))]
    assert sum(logic.lut for logic in estimates) == pytest.approx(taken[0], rel=0.1)
    assert sum(logic.ff for logic in estimates) == pytest.approx(taken[1], rel=0.1)


@pytest.mark.parametrize(("clocks", "window", "unit"), [(24, (1, 1), (1, 1)), (6, (4, 1), (4, 1)), (2, (4, 6), (4, 3))])
def test_the_planner_folds_it_with_its_window(clocks: int, window: tuple[int, int], unit: tuple[int, int]) -> None:
    """Of the whole windows that a fast one needs, it takes as much at once as the rate wants."""
    wanted = graph()
    cycles = max(clocks * wanted.layers[1].output.pixels, wanted.input.pixels)
    made = plan(wanted, load_board("zcu104"), 100.0, frame_rate=100e6 / cycles)
    assert [(made.foldings[name].pe, made.foldings[name].simd) for name in ("dw.window", "dw")] == [window, unit]


@pytest.mark.parametrize(
    ("attributes", "outputs", "message"),
    [
        ({"window": 5}, 4, "24 elements a pixel are no whole number of windows of 5"),
        ({}, 6, "4 channels have equally many outputs each, so not 6 in all; nearest: 4 or 8"),
        ({"acc_type": "int9"}, 4, "sums from .* do not fit int9"),
    ],
)
def test_refuses(attributes: dict[str, Attribute], outputs: int, message: str) -> None:
    _, layer = graph(out_type=IntType(3, signed=False)).layers
    wrong = replace(
        layer,
        attributes={**layer.attributes, **attributes},
        outputs=(replace(layer.output, shape=(3, 5, outputs)),),
    )
    with pytest.raises(UserError, match=f"^dw: {message}"):
        VVAU.check(wrong)
