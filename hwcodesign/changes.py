"""The smallest changes that make a design fit: fewer bits, a smaller network, a lower frame rate, another board.

Every change that is offered was planned and fits. The size of a change is the fraction by which a number falls; a
board is the largest change (it is other hardware), larger the more of a resource it has.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from hwcodesign.board import Board, board_names, load_board
from hwcodesign.dataflow import Dataflow
from hwcodesign.errors import UserError
from hwcodesign.nets import family_named
from hwcodesign.plan import Plan, plan
from hwcodesign.predict import predict
from hwcodesign.recipe import Recipe

OFFERED = 3
FRACTIONS = (0.75, 0.5, 0.25, 0.125)  # of a squeeze ratio or a frame rate, tried in this order


@dataclass(frozen=True)
class Change:
    """One change that makes it fit. `what` says it in words; `size` orders changes."""

    what: str
    size: float


@dataclass(frozen=True)
class _Try:
    what: str
    size: float
    board: Board
    make: Callable[[], Plan]


def predicted_plan(recipe: Recipe, board: Board) -> Plan:
    """The plan of a recipe's predicted graph on `board`."""
    hardware = recipe.hardware
    dataflow = predict(recipe.describe(), recipe.quantization.to_quantization())
    clock = hardware.clock_mhz if board.name == hardware.board else None
    return plan(dataflow, board, clock, hardware.frame_rate, hardware.fold)


def changes_to_recipe(recipe: Recipe) -> tuple[Change, ...]:
    """The smallest changes to a recipe with which it fits, at most one of each sort."""
    board = load_board(recipe.hardware.board)

    def tried(what: str, size: float, changed: Recipe, on: Board = board) -> _Try:
        return _Try(what, size, on, lambda: predicted_plan(changed, on))

    sorts = [
        [tried(*change) for change in _fewer_bits(recipe, ("weight_bits",))],
        [tried(*change) for change in _fewer_bits(recipe, ("activation_bits",))],
        [tried(*change) for change in _fewer_bits(recipe, ("weight_bits", "activation_bits"))],
        [tried(*change) for change in _lower_squeeze_ratio(recipe)],
        [
            tried(what, size, _with(recipe, "hardware", frame_rate=rate))
            for what, size, rate in _lower_rates(recipe.hardware.frame_rate)
        ],
        [tried(what, size, recipe, other) for what, size, other in _other_boards(board)],
    ]
    return _smallest(sorts)


def changes_to_model(dataflow: Dataflow, planned: Plan, board: Board) -> tuple[Change, ...]:
    """The smallest changes with which a finished network fits: its bits are given, so frame rate and board are left."""

    def tried(what: str, size: float, on: Board, rate: float) -> _Try:
        clock = planned.clock_mhz if on is board else None
        return _Try(what, size, on, lambda: plan(dataflow, on, clock, rate))

    slower = [tried(what, size, board, rate) for what, size, rate in _lower_rates(planned.frame_rate)]
    boards = [tried(what, size, other, planned.frame_rate) for what, size, other in _other_boards(board)]
    return _smallest([slower, boards])


def _smallest(sorts: Iterable[Iterable[_Try]]) -> tuple[Change, ...]:
    """The first that fits of each sort, smallest first."""
    found = (next((Change(t.what, t.size) for t in sort if _fits(t)), None) for sort in sorts)
    return tuple(sorted((c for c in found if c), key=lambda change: change.size)[:OFFERED])


def _fits(attempt: _Try) -> bool:
    try:
        return not attempt.make().resources.over(attempt.board)
    except UserError:  # this variant cannot be built at all
        return False


def _with(recipe: Recipe, table: str, **values: Any) -> Recipe:
    return recipe.model_copy(update={table: getattr(recipe, table).model_copy(update=values)})


def _fewer_bits(recipe: Recipe, keys: tuple[str, ...]) -> Iterator[tuple[str, float, Recipe]]:
    old = {key: getattr(recipe.quantization, key) for key in keys}
    for fewer in range(1, max(old.values())):
        new = {key: max(1, bits - fewer) for key, bits in old.items()}
        what = ", ".join(f"quantization.{key} = {bits} instead of {old[key]}" for key, bits in new.items())
        yield what, sum(1 - new[key] / old[key] for key in keys), _with(recipe, "quantization", **new)


def _lower_squeeze_ratio(recipe: Recipe) -> Iterator[tuple[str, float, Recipe]]:
    defaults = {field.name: field.default for field in fields(family_named(recipe.network["family"]))}  # type: ignore[arg-type]
    if "SR" not in defaults:
        return
    old = float(recipe.network.get("SR", defaults["SR"]))
    for fraction in FRACTIONS:
        network = {**recipe.network, "SR": old * fraction}
        yield (
            f"network.SR = {old * fraction:g} instead of {old:g}",
            1 - fraction,
            recipe.model_copy(update={"network": network}),
        )


def _lower_rates(old: float) -> Iterator[tuple[str, float, float]]:
    for fraction in FRACTIONS:
        yield f"hardware.frame_rate = {old * fraction:g} instead of {old:g}", 1 - fraction, old * fraction


def _other_boards(board: Board) -> Iterator[tuple[str, float, Board]]:
    others = sorted((load_board(name) for name in board_names() if name != board.name), key=_memory)
    for other in others:
        if _memory(other) > _memory(board):
            yield f"hardware.board = {other.name!r} ({other.title})", _memory(other) / _memory(board), other


def _memory(board: Board) -> int:
    """Bits of block RAM that a design may use, and a bit for every LUT."""
    return board.usable("block_ram") * board.device.block_bits + board.usable("lut")
