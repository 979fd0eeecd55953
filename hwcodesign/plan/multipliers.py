"""Moves multipliers from LUTs into hardware multipliers where a design that was folded layer by layer lacks LUTs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hwcodesign.dataflow import Layer
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding
from hwcodesign.plan.folding import Constraints
from hwcodesign.plan.groups import possible_foldings
from hwcodesign.plan.memory import logic_resources


@dataclass(frozen=True)
class _Move:
    """One layer's way out of LUTs: `lut` are freed, `dsp` taken."""

    name: str
    folding: Folding
    lut: int
    dsp: int


def into_hardware(
    layers: Iterable[Layer], foldings: Mapping[str, Folding], taken: Resources, board: Board, constraints: Constraints
) -> dict[str, Folding]:
    """The foldings, with as many products shared as bring `taken`, all that the design takes, within the LUTs.

    Layers that free the most LUTs for a multiplier go first, while there are multipliers left. A layer whose `packed`
    the user has set stays as it is.
    """
    free = (layer for layer in layers if "packed" not in constraints.get(layer.name, {}))
    moves = [move for layer in free for move in _moves(layer, foldings[layer.name], board)]
    missing, room = taken.lut - board.usable["lut"], board.usable["dsp"] - taken.dsp
    found = dict(foldings)
    for move in sorted(moves, key=lambda move: (-move.lut / move.dsp, move.name)):
        if missing > 0 and move.dsp <= room:
            found[move.name] = move.folding
            missing, room = missing - move.lut, room - move.dsp
    return found


def _moves(layer: Layer, folding: Folding, board: Board) -> Iterator[_Move]:
    """The move into the fewest hardware multipliers, if there is one and it frees LUTs."""
    if folding.packed:
        return
    same = [f for f in possible_foldings(layer, board.device) if (f.pe, f.simd) == (folding.pe, folding.simd)]
    if same and same[-1].packed:
        before, after = (logic_resources(board.device, layer, f) for f in (folding, same[-1]))
        if after.lut < before.lut:
            yield _Move(layer.name, same[-1], before.lut - after.lut, after.dsp)
