"""From a graph of layers and a board to a plan: layer by layer in a moment, or by a solver with a proof."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import Board
from hwcodesign.plan.draft import fold_only
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
    target = Target(board, clock_mhz or board.clock_mhz, None if frame_rate == "max" else frame_rate)

    def planned_for(aim: Target) -> Plan:
        if not exact and aim.frame_rate:
            return fold_only(dataflow, aim, fold).finish()
        from hwcodesign.plan.exact import plan_exactly

        return plan_exactly(dataflow, aim, fold, solver_seconds)

    return _in_time(target, planned_for)


def _in_time(target: Target, planned_for: Callable[[Target], Plan]) -> Plan:
    """A plan that takes no more cycles per frame than the target's, if one is found.

    Where pixels come so unevenly that the schedule takes longer than the slowest layer (see fifo.py), the layers have
    to be faster by as much. Then a proof is not one for the frame rate that was asked for, and is left out.
    """
    made, aim = planned_for(target), target.cycles
    while made.cycles_per_frame > target.cycles:
        aim -= made.cycles_per_frame - target.cycles
        try:
            faster = planned_for(replace(target, frame_rate=target.clock_mhz * 1e6 / aim))
        except UserError:
            return replace(made, proof="slower than asked for: pixels that a window skips come unevenly")
        made = replace(faster, frame_rate=made.frame_rate, proof="")
    return made
