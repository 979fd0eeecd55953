"""Multipliers move into hardware only as far as LUTs are missing, the best bargains first."""

from dataclasses import replace

from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding
from hwcodesign.plan.groups import possible_foldings
from hwcodesign.plan.memory import logic_resources
from hwcodesign.plan.multipliers import into_hardware
from tests.graphs import tiny_squeezenet

BOARD = load_board("ulx3s-85f")
LAYERS = [layer for layer in tiny_squeezenet().layers if layer.kind == "mvau"]


def widest(layer) -> Folding:  # type: ignore[no-untyped-def]
    """The most parallel folding of a layer that may share multipliers, with multipliers of LUTs."""
    sharing = [replace(f, packed=0) for f in possible_foldings(layer, BOARD.device) if f.packed]
    return max(sharing, key=lambda f: f.pe * f.simd, default=Folding())


FOLDINGS = {layer.name: widest(layer) for layer in LAYERS}


def moved(missing: int, taken_dsp: int = 0, **fold: dict[str, int]) -> dict[str, Folding]:
    taken = Resources(lut=BOARD.usable["lut"] + missing, dsp=taken_dsp)
    constraints = {name.replace("_", "."): wanted for name, wanted in fold.items()}
    return into_hardware(LAYERS, FOLDINGS, taken, BOARD, constraints)  # type: ignore[arg-type]


def test_nothing_moves_where_luts_suffice_or_no_multiplier_is_left() -> None:
    assert moved(0) == FOLDINGS
    assert moved(10_000, taken_dsp=BOARD.usable["dsp"]) == FOLDINGS


def test_what_moves_keeps_its_folding_and_frees_what_is_missing() -> None:
    found = moved(1)
    changed = [layer for layer in LAYERS if found[layer.name] != FOLDINGS[layer.name]]
    assert len(changed) == 1
    (layer,) = changed
    assert replace(found[layer.name], packed=0) == FOLDINGS[layer.name] and found[layer.name].packed
    before, after = (logic_resources(BOARD.device, layer, f) for f in (FOLDINGS[layer.name], found[layer.name]))
    assert after.lut < before.lut and after.dsp > 0


def test_more_missing_luts_move_no_fewer_layers() -> None:
    counts = [sum(f.packed > 0 for f in moved(missing).values()) for missing in (0, 1, 200, 100_000)]
    assert counts == sorted(counts) and counts[-1] > counts[1]


def test_a_layer_whose_arithmetic_the_user_has_set_stays() -> None:
    (first,) = (name for name, f in moved(1).items() if f.packed)
    taken = Resources(lut=BOARD.usable["lut"] + 1)
    assert into_hardware(LAYERS, FOLDINGS, taken, BOARD, {first: {"packed": 0}})[first] == FOLDINGS[first]
