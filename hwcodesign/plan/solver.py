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

from hwcodesign.plan.choices import Choice, Choices
from hwcodesign.plan.memory import RESOURCES, Resources
from hwcodesign.plan.program import program

OVER = 10_000.0
DEAREST_FIT = 8.0  # a design that fits costs at most one for each of four resources, or two where memory is in LUTs
SHORTEST_SECONDS = 1.0  # for an integer program, whatever time is left
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
        first = bisect_left(counts[:-1], True, key=lambda cycles: self._relaxed(cycles, 0.0).x is not None)
        fitting: dict[int, Solution] = {}

        def fits(number: int) -> bool:
            solution = self._cheapest(counts[number], most_over=0.0)
            if solution:
                fitting[number] = solution
            return solution is not None

        low = high = first
        while high < len(counts) and not fits(high):
            low, high = high + 1, 2 * high - first + 1
        bisect_left(range(len(counts)), True, low, min(high, len(counts)), key=fits)
        return fitting[min(fitting)] if fitting else self._cheapest(counts[-1], most_over=np.inf), counts[first]

    def _cheapest(self, cycles: float, most_over: float) -> Solution | None:
        """None if there is none, or none was found in time."""
        relaxed = self._relaxed(cycles, most_over)
        if relaxed.x is None:
            return None
        margin, best = FIRST_MARGIN, None
        while True:
            upper = np.where(relaxed.lower.marginals <= margin * relaxed.fun, self._upper(cycles, most_over), 0.0)
            found = self._integer(upper)
            everything = bool((upper == self._upper(cycles, most_over)).all())
            if found.x is not None:
                bound = min(found.mip_dual_bound, np.inf if everything else (1 + margin) * relaxed.fun)
                best = self._solution(found, cycles, max(0.0, 1 - bound / found.fun))
            if (best and best.gap <= self.gap) or everything or time.monotonic() > self._until:
                return best
            margin *= 4

    def _upper(self, cycles: float, most_over: float) -> np.ndarray:
        """Upper bounds of the variables: choices that are too slow cannot be made."""
        upper = np.where(self._program.cycles <= cycles, np.inf, 0.0)
        upper[-len(RESOURCES) :] = most_over
        return upper

    def _relaxed(self, cycles: float, most_over: float) -> Any:
        """The linear program: a group may divide itself among its choices."""
        upper = self._upper(cycles, most_over)
        made = self._program
        bounds = np.stack([np.zeros(len(upper)), upper], axis=1)
        return linprog(self._costs, made.shares, made.limits, made.equalities, made.sums, bounds)

    def _integer(self, upper: np.ndarray) -> Any:
        made = self._program
        equalities = LinearConstraint(made.equalities, made.sums, made.sums)
        seconds = max(SHORTEST_SECONDS, self._until - time.monotonic())
        return milp(
            self._costs,
            integrality=made.integral,
            bounds=Bounds(0, upper),
            constraints=[equalities, LinearConstraint(made.shares, ub=made.limits)],
            options={"time_limit": seconds, "mip_rel_gap": self.gap / 2},
        )

    @property
    def _costs(self) -> np.ndarray:
        return np.concatenate([self._program.costs, np.full(len(RESOURCES), OVER)])

    def _solution(self, found: Any, cycles: float, gap: float) -> Solution:
        chosen = tuple(choice for choice, x in zip(self.choices.flat, found.x, strict=False) if x > 0.5)
        return Solution(chosen, cycles, found.fun, gap, fits=bool(found.x[-len(RESOURCES) :].max() <= ROUNDING))
