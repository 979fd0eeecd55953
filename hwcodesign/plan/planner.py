"""From a graph of layers and a board to a plan: layer by layer in a moment, or by a solver with a proof."""

from typing import Literal

from hwcodesign.board import Board
from hwcodesign.dataflow import Dataflow
from hwcodesign.plan.folded import fold_only
from hwcodesign.plan.folding import Constraints, Target
from hwcodesign.plan.loading import loadable
from hwcodesign.plan.plan import Plan

NO_CONSTRAINTS: Constraints = {}
SOLVER_SECONDS = 10.0


def plan(
    dataflow: Dataflow,
    board: Board,
    clock_mhz: float | None = None,
    frame_rate: float | Literal["max"] = 30.0,
    fold: Constraints = NO_CONSTRAINTS,
    exact: bool = False,
    solver_seconds: float = SOLVER_SECONDS,
    load_weights: bool = False,
) -> Plan:
    """Decide foldings, FIFO depths and memories for `dataflow`, lowered or predicted, on `board`.

    `clock_mhz` defaults to the board's. Layer by layer, unless `exact`: then a solver finds the cheapest design, or,
    with `frame_rate` "max", the fastest that fits (see exact.py). With `load_weights`, weights may lie in large RAM,
    which the host fills after every reset. The plan may need more than the board has: `check` tells. Raises UserError
    for a layer that its kernel cannot compute, a frame rate out of reach, or an illegal `fold`.
    """
    dataflow = loadable(dataflow) if load_weights else dataflow
    if frame_rate != "max" and not exact:
        return fold_only(dataflow, board, clock_mhz, frame_rate, fold).finish()
    from hwcodesign.plan.exact import plan_exactly

    target = Target(board, clock_mhz or board.clock_mhz, None if frame_rate == "max" else frame_rate)
    return plan_exactly(dataflow, target, fold, solver_seconds)
