"""Planning by the solver: the cheapest design of a frame rate, or the fastest that fits, and how near to it it is.

The solver counts every FIFO at its shortest (behind whole windows at an estimate), and the link to the host at its
least, as only a whole design has FIFO depths and a link. Where these make a design exceed the board, room is reserved
for a part of what was missing and the solver asked again: what it finds then is slower perhaps, and has shorter FIFOs.
The bound that the proof rests on is that of the first time, without such a reserve.

A proof is one over all foldings, with FIFOs so counted, and with the memories of a layer and its window stored at one
price of a block RAM, which of all storages leaves out next to none that is better (see choices.py).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.resources import Resources
from hwcodesign.plan.choices import Choices, choices
from hwcodesign.plan.draft import Folded, fold_only
from hwcodesign.plan.folding import Constraints, Target, fast_enough
from hwcodesign.plan.insert_streams import insert_streams
from hwcodesign.plan.link_cost import least_link
from hwcodesign.plan.plan import Plan
from hwcodesign.plan.solver import Solution, Solver

GAP = 0.001  # proven, before the solver stops
RESERVE_STEP = 0.01  # of what the board lets a design use: the least by which a reserve grows
FAR = 1.05  # times the bound's cycles: only a search that ran out of time ends so far from it
RESERVE_PARTS = 4  # a reserve grows by one of so many of what is missing


@dataclass(frozen=True)
class Bounds:
    """What no design can be better than: a cost, and, where the fastest was asked for, cycles per frame."""

    cost: float
    cycles: int | None


def plan_exactly(dataflow: Dataflow, target: Target, constraints: Constraints, seconds: float) -> Plan:
    """The plan for `target`; without a frame rate, the fastest that fits. `seconds` bounds each run of the solver.

    Where time was too short for a design near the bound, one folded layer by layer may be faster: then it is taken.

    Raises UserError as `plan` does, and if the solver finds nothing in time where the fastest is asked for.
    """
    space = choices(dataflow, target, fast_enough(dataflow, target, constraints))
    reserved = least = least_link(target.board, dataflow)
    bounds: Bounds | None = None
    while True:
        solution, least_cycles = _solve(space, target, reserved, seconds)
        if solution is None:
            return _without_solver(dataflow, target, constraints, seconds)
        bounds = bounds or Bounds(solution.bound, least_cycles)
        planned = folded(dataflow, target, solution).finish()
        planned = replace(planned, proof=_proof(solution, bounds, target, planned, for_every_design=reserved == least))
        if not solution.fits or not planned.total.over(target.board):
            break
        reserved += missing(planned.total, target)
    if bounds.cycles is None or planned.cycles_per_frame <= FAR * bounds.cycles:
        return planned
    counts = [count for count in space.cycle_counts if bounds.cycles <= count < planned.cycles_per_frame]
    return _fastest_by_layer(dataflow, target, constraints, counts) or planned


def _fastest_by_layer(
    dataflow: Dataflow, target: Target, constraints: Constraints, counts: Sequence[int]
) -> Plan | None:
    """The design of the fewest of these cycles per frame, rising, that fits if folded layer by layer; None: none."""
    fitting: dict[int, Plan] = {}

    def fits(number: int) -> bool:
        rate = target.clock_mhz * 1e6 / counts[number]
        half = fold_only(dataflow, replace(target, frame_rate=rate), constraints)
        if half.least_resources.over(target.board):
            return False
        planned = half.finish(_no_faster_than(target, counts[0]))
        if not planned.total.over(target.board):
            fitting[number] = planned
        return number in fitting

    bisect_left(range(len(counts)), True, key=fits)
    return fitting[min(fitting)] if fitting else None


def _solve(space: Choices, target: Target, reserved: Resources, seconds: float) -> tuple[Solution | None, int | None]:
    solver = Solver(space, reserved, seconds, GAP)
    return (solver.cheapest(target.cycles), None) if target.frame_rate else solver.fastest()


def folded(dataflow: Dataflow, target: Target, solution: Solution) -> Folded:
    """The design that the solver found, with FIFOs at their shortest."""
    foldings = {name: folding for choice in solution.choices for name, folding in choice.foldings.items()}
    in_order = {layer.name: foldings[layer.name] for layer in dataflow.layers}
    storage = {place: where for choice in solution.choices for place, where in choice.storage.items()}
    rate = target.frame_rate or target.clock_mhz * 1e6 / solution.cycles
    return Folded(target.board, target.clock_mhz, rate, *insert_streams(dataflow, in_order), storage)


def missing(taken: Resources, target: Target) -> Resources:
    """What to reserve where a design exceeds limits: a part of what it exceeds each by, and no less than a step."""
    usable = target.board.usable
    over = taken.over(target.board)
    missing = {key: getattr(taken, key) - usable[key] for key in over}
    steps = {key: int(RESERVE_STEP * usable[key]) + 1 for key in over}
    return Resources(**{key: max(missing[key] // RESERVE_PARTS, steps[key]) for key in over})


def _proof(solution: Solution, bounds: Bounds, target: Target, planned: Plan, for_every_design: bool) -> str:
    """One sentence on how near to the best the plan is. With a reserve, that none fits says nothing of the board."""
    if planned.total.over(target.board):
        proven = solution.proves_that_none_fits and for_every_design
        return "proven: no folding fits the board's limits" if proven else "no folding was found that fits"
    if not solution.fits:
        return "it fits since every memory was placed for itself, which the solver does not try: nothing is proven"
    if bounds.cycles is None:
        gap = 1 - bounds.cost / solution.cost
        return (
            "proven, FIFOs aside: no cheaper design reaches the frame rate"
            if gap <= GAP
            else (f"proven, FIFOs aside: a cheaper design that reaches the frame rate saves at most {gap:.1%}")
        )
    if planned.cycles_per_frame <= bounds.cycles:
        return "proven: no faster design fits"
    return _no_faster_than(target, bounds.cycles)


def _no_faster_than(target: Target, cycles: int) -> str:
    return f"proven: no design that fits exceeds {target.clock_mhz * 1e6 / cycles:.1f} frames per second"


def _without_solver(dataflow: Dataflow, target: Target, constraints: Constraints, seconds: float) -> Plan:
    if target.frame_rate is None:
        raise UserError(
            f"the solver found no design in {seconds:g} s: raise hardware.solver_seconds, or ask for a frame rate"
        )
    proof = f"the solver found nothing in {seconds:g} s: folded layer by layer, without a proof"
    return fold_only(dataflow, target, constraints).finish(proof)
