"""The matrices of the planner's integer program (see solver.py for what it means).

Variables, in this order: one for every choice of every group; one for every edge and pair of lanes at its ends; one
for every resource, by how much of the board its limit is exceeded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack

from hwcodesign.fpga.board import RESOURCES
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan.choices import Choices


@dataclass(frozen=True)
class Program:
    """Minimise costs, subject to equalities @ x == sums and shares @ x <= limits, x >= 0, x[integral] integers.

    `cycles` per frame of each variable's choice, 0 for the others; `costs` lacks those of exceeding the limits.
    """

    costs: np.ndarray
    cycles: np.ndarray
    integral: np.ndarray
    equalities: csr_array
    sums: np.ndarray
    shares: csr_array
    limits: np.ndarray


Ends = dict[int, list[int]]  # lanes -> the choices, by number, that have them at one end of an edge
Pair = tuple[int, int, int]  # edge's number, lanes sent, lanes needed


def program(choices: Choices, reserved: Resources) -> Program:
    """The program for `choices`, within the board's limits less `reserved`."""
    numbered = _numbered(choices)
    ends = [(_ends(choices, numbered, e.source, 1), _ends(choices, numbered, e.target, 0)) for e in choices.edges]
    pairs = [(i, sent, needed) for i, (sends, needs) in enumerate(ends) for sent in sends for needed in needs]
    streams = (choices.stream(choices.edges[i], sent, needed) for i, sent, needed in pairs)
    taken = [*(choice.taken for choice in choices.flat), *streams]
    rows = [*_one_each(choices), *_agreeing(ends, pairs, len(choices.flat))]
    others = np.zeros(len(pairs) + len(RESOURCES))
    return Program(
        costs=np.array([t.cost for t in taken]),
        cycles=np.concatenate([[choice.cycles for choice in choices.flat], others]),
        integral=np.concatenate([np.ones(len(choices.flat)), others]),
        equalities=_matrix(rows, len(taken) + len(RESOURCES)),
        sums=np.array([1.0] * len(choices.groups) + [0.0] * (len(rows) - len(choices.groups))),
        shares=hstack([csr_array(_shares(choices, [t.resources for t in taken])), -eye_array(len(RESOURCES))]).tocsr(),
        limits=np.array([min(1, choices.board.usable[name]) for name in RESOURCES])
        - _shares(choices, [reserved])[:, 0],
    )


def _numbered(choices: Choices) -> dict[str, list[tuple[int, Folding]]]:
    """For every layer, the choices of its group by number, and the layer's folding in each."""
    found: dict[str, list[tuple[int, Folding]]] = {}
    for number, choice in enumerate(choices.flat):
        for name, folding in choice.foldings.items():
            found.setdefault(name, []).append((number, folding))
    return found


def _ends(choices: Choices, numbered: Mapping[str, list[tuple[int, Folding]]], name: str, side: int) -> Ends:
    layer = choices.dataflow.by_name[name]
    found: Ends = {}
    for number, folding in numbered[name]:
        found.setdefault(kind_of(layer.kind).lanes(layer, folding)[side], []).append(number)
    return found


def _one_each(choices: Choices) -> Iterable[list[tuple[int, int]]]:
    """Every group makes one choice."""
    first = 0
    for group in choices.groups:
        yield [(first + i, 1) for i in range(len(group))]
        first += len(group)


def _agreeing(ends: list[tuple[Ends, Ends]], pairs: list[Pair], first: int) -> Iterable[list[tuple[int, int]]]:
    """An edge has the lanes of its ends' choices; its variables start at column `first`."""
    column = {pair: first + i for i, pair in enumerate(pairs)}
    for number, (sends, needs) in enumerate(ends):
        for sent, senders in sends.items():
            yield [(column[number, sent, needed], 1) for needed in needs] + [(i, -1) for i in senders]
        for needed, readers in needs.items():
            yield [(column[number, sent, needed], 1) for sent in sends] + [(i, -1) for i in readers]


def _shares(choices: Choices, taken: list[Resources]) -> np.ndarray:
    """(resources, len(taken)): fractions of what the board lets a design use."""
    usable = choices.board.usable
    return np.array([[getattr(t, name) / max(1, usable[name]) for t in taken] for name in RESOURCES])


def _matrix(rows: list[list[tuple[int, int]]], columns: int) -> csr_array:
    entries = [(i, column, value) for i, row in enumerate(rows) for column, value in row]
    i, j, values = zip(*entries, strict=True)
    return csr_array((values, (i, j)), shape=(len(rows), columns))
