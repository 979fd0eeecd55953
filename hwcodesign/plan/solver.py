"""The cheapest design, or the fastest that fits, with a proof: a mixed-integer linear program, solved by HiGHS.

A binary variable says which choice each group of layers makes; a variable for each pair of lanes of an edge says
between which lanes its stream runs. An edge's variables sum over the other end's lanes to the choices that have this
end's lanes (the local polytope of a graphical model: Wainwright, Jordan, Graphical Models, Exponential Families, and
Variational Inference, 2008, section 4.1), so that with binary choices they are binary by themselves.

The linear relaxation comes first. Any design with a variable that it leaves out costs at least the relaxation's
optimum plus that variable's reduced cost, so the integer program needs but the variables of small reduced cost, as
long as what it finds is no dearer than that (reduced cost fixing: Wolsey, Integer Programming, 1998, section 7.4).

Where nothing fits, the limits may be exceeded, at a price of OVER for each whole board: so there is always a design.
SciPy is imported here and for the matrices alone.
"""

import time
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from hwcodesign.fpga.board import RESOURCES
from hwcodesign.fpga.resources import Resources
from hwcodesign.plan.choices import Choice, Choices
from hwcodesign.plan.milp import program

OVER = 10_000.0
DEAREST_FIT = 8.0  # a design that fits costs at most one for each of four resources, or two where memory is in LUTs
SHORTEST_SECONDS = 1.0  # for an integer program, whatever time is left
ATTEMPT = 0.25  # of the time that is left, for each frame rate that is tried
ROUNDING = 1e-6  # what HiGHS takes for feasible
FIRST_MARGIN = 0.01  # of the relaxation's optimum: the reduced costs that the first integer program admits


@dataclass(frozen=True)
class Solution:
    """A design, at most `cycles` per frame. None of those that `fits` speaks of costs less than `(1 - gap) * cost`."""

    choices: tuple[Choice, ...]
    cycles: float
    cost: float
    gap: float
    fits: bool

    @property
    def bound(self) -> float:
        """What any design costs at least."""
        return (1 - self.gap) * self.cost

    @property
    def proves_that_none_fits(self) -> bool:
        return not self.fits and self.bound > DEAREST_FIT


@dataclass(frozen=True)
class _Relaxed:
    """The linear program's optimum, each variable's reduced cost (infinite if it must be 0) and its upper bound."""

    cost: float
    reduced: np.ndarray
    upper: np.ndarray


class Solver:
    """Solves for `choices` within the limits of the board less `reserved`, which is for what is not known yet."""

    def __init__(self, choices: Choices, reserved: Resources, seconds: float, gap: float) -> None:
        self.choices, self.gap = choices, gap
        self._program = program(choices, reserved)
        self._until = time.monotonic() + seconds

    def cheapest(self, cycles: float) -> Solution | None:
        """The cheapest design of at most `cycles` per frame that fits; else, one that exceeds the limits least.

        None if none was found in time.
        """
        return self._cheapest(cycles, most_over=0.0) or self._cheapest(cycles, most_over=np.inf)

    def fastest(self) -> tuple[Solution | None, int]:
        """The fastest design that fits, and fewer cycles than which no design that fits takes: proven.

        If none fits, the one that exceeds the limits least.
        """
        counts = self.choices.cycle_counts
        first = bisect_left(counts[:-1], True, key=lambda cycles: self._relaxed(cycles, 0.0) is not None)
        fitting: dict[int, Solution] = {}

        def fits(number: int) -> bool:
            left = self._until - time.monotonic()
            solution = self._cheapest(counts[number], most_over=0.0, until=self._until - (1 - ATTEMPT) * left)
            if solution:
                fitting[number] = solution
            return solution is not None

        low = high = first
        while high < len(counts) and not fits(high):
            low, high = high + 1, 2 * high - first + 1
        bisect_left(range(len(counts)), True, low, min(high, len(counts)), key=fits)
        return fitting[min(fitting)] if fitting else self._cheapest(counts[-1], most_over=np.inf), counts[first]

    def _cheapest(self, cycles: float, most_over: float, until: float | None = None) -> Solution | None:
        """None if there is none, or none was found in time: `until`, or all that there is."""
        until = until or self._until
        relaxed = self._relaxed(cycles, most_over)
        if relaxed is None:
            return None
        margin, best = FIRST_MARGIN, None
        while True:
            admitted = relaxed.reduced <= margin * relaxed.cost
            found = self._integer(np.where(admitted, relaxed.upper, 0.0), until)
            everything = bool(admitted[relaxed.upper > 0].all())
            if found is not None:
                bound = min(found.mip_dual_bound, np.inf if everything else (1 + margin) * relaxed.cost)
                best = self._solution(found, cycles, max(0.0, 1 - bound / found.fun))
            if (best and best.gap <= self.gap) or everything or time.monotonic() > until:
                return best
            margin *= 4

    def _upper(self, cycles: float, most_over: float) -> np.ndarray:
        """Upper bounds of the variables: choices that are too slow cannot be made."""
        upper = np.where(self._program.cycles <= cycles, np.inf, 0.0)
        upper[-len(RESOURCES) :] = most_over
        return upper

    def _relaxed(self, cycles: float, most_over: float) -> _Relaxed | None:
        """The linear program: a group may divide itself among its choices. None if it has no solution."""
        made, upper = self._program, self._upper(cycles, most_over)
        (columns,) = np.nonzero(upper)
        bounds = np.stack([np.zeros(len(columns)), upper[columns]], axis=1)
        shares, equalities = made.shares[:, columns], made.equalities[:, columns]
        found = linprog(self._costs[columns], shares, made.limits, equalities, made.sums, bounds)
        if found.x is None:
            return None
        reduced = np.full(len(upper), np.inf)
        reduced[columns] = found.lower.marginals
        return _Relaxed(found.fun, reduced, upper)

    def _integer(self, upper: np.ndarray, until: float) -> Any:
        """The integer program of the variables whose upper bound is not 0; None if nothing was found in time."""
        made = self._program
        (columns,) = np.nonzero(upper)
        equalities, shares = made.equalities[:, columns], made.shares[:, columns]
        found = milp(
            self._costs[columns],
            integrality=made.integral[columns],
            bounds=Bounds(0, upper[columns]),
            constraints=[LinearConstraint(equalities, made.sums, made.sums), LinearConstraint(shares, ub=made.limits)],
            options={"time_limit": max(SHORTEST_SECONDS, until - time.monotonic()), "mip_rel_gap": self.gap / 2},
        )
        if found.x is None:
            return None
        found.x, x = np.zeros(len(upper)), found.x
        found.x[columns] = x
        return found

    @property
    def _costs(self) -> np.ndarray:
        return np.concatenate([self._program.costs, np.full(len(RESOURCES), OVER)])

    def _solution(self, found: Any, cycles: float, gap: float) -> Solution:
        chosen = tuple(choice for choice, x in zip(self.choices.flat, found.x, strict=False) if x > 0.5)
        return Solution(chosen, cycles, found.fun, gap, fits=bool(found.x[-len(RESOURCES) :].max() <= ROUNDING))
