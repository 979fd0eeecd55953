"""The smallest changes that make a design fit: fewer bits, smaller networks and images, lower rates, other boards.

Every change that is offered was planned and fits. The size of a change is the fraction by which numbers fall; another
board is a larger change than any of these, for it is to be bought, and the larger the more memory it has.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import Board, board_names, load_board
from hwcodesign.graph.predict import predict
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.nets import family_named, standards
from hwcodesign.plan import Plan, fold_only, loadable
from hwcodesign.plan.folding import Constraints, Target
from hwcodesign.plan.memory import logic_resources
from hwcodesign.recipe import Recipe

OFFERED = 3
FRACTIONS = (0.75, 0.5, 0.25)  # of a metaparameter, an image's side or a frame rate, tried in this order
_TO_BE_BOUGHT = 10.0  # more than numbers can fall


@dataclass(frozen=True)
class Change:
    """One change that makes it fit. `what` says it in words; `size` orders changes."""

    what: str
    size: float


@dataclass(frozen=True)
class _Design:
    """One to try: the graph, and where, how fast and under which constraints it shall run."""

    graph: Callable[[], Dataflow]
    board: Board
    clock_mhz: float | None
    frame_rate: float
    fold: Constraints


_Variant = tuple[Change, _Design]


def predicted(recipe: Recipe) -> Dataflow:
    """The graph of a recipe's network, before any training."""
    return predict(recipe.describe(), recipe.quantization.to_quantization())


def changes_to_recipe(recipe: Recipe, frame_rate: float) -> tuple[Change, ...]:
    """The smallest changes to a recipe with which it fits at `frame_rate`, at most one of each sort."""
    hardware = recipe.hardware

    def graph(changed: Recipe) -> Dataflow:
        return loadable(predicted(changed)) if hardware.load_weights else predicted(changed)

    def variant(change: Change, changed: Recipe) -> _Variant:
        return change, replace(asked, graph=lambda: graph(changed))

    asked = _Design(lambda: graph(recipe), hardware.load_board(), hardware.clock_mhz, frame_rate, hardware.fold)
    bits = (("weight_bits",), ("activation_bits",), ("weight_bits", "activation_bits"))
    networks = [*(_fewer_bits(recipe, keys) for keys in bits), _smaller_network(recipe), _smaller_images(recipe)]
    sorts = [[variant(change, changed) for change, changed in sort] for sort in networks]
    return _smallest([*sorts, *_other_hardware(asked)])


def changes_to_model(dataflow: Dataflow, planned: Plan, board: Board, fold: Constraints) -> tuple[Change, ...]:
    """The smallest changes with which a finished network fits: its bits are given, so frame rate and board are left."""
    loads = any("loadable" in layer.attributes for layer in planned.design.layers)
    graph = loadable(dataflow) if loads else dataflow
    clock = None if planned.clock_mhz == board.clock_mhz else planned.clock_mhz
    return _smallest(_other_hardware(_Design(lambda: graph, board, clock, planned.frame_rate, fold)))


def _smallest(sorts: Iterable[list[_Variant]]) -> tuple[Change, ...]:
    """The first that fits of each sort, smallest first; tried by rising size, until there are enough."""
    numbered = [(change, design, number) for number, sort in enumerate(sorts) for change, design in sort]
    found: dict[int, Change] = {}
    for change, design, number in sorted(numbered, key=lambda item: item[0].size):
        if len(found) < OFFERED and number not in found and _fits(design):
            found[number] = change
    return tuple(found.values())


def _fits(design: _Design) -> bool:
    try:
        dataflow = design.graph()
        if _memory_bits(dataflow) > _room(dataflow, design.board):  # no plan can help: save its time
            return False
        clock = design.clock_mhz or design.board.clock_mhz
        folded = fold_only(dataflow, Target(design.board, clock, design.frame_rate), design.fold)
    except UserError:  # this design cannot be built at all
        return False
    return not folded.least_resources.over(design.board) and not folded.finish().total.over(design.board)


def _memory_bits(dataflow: Dataflow) -> int:
    """Bits of memory that the layers need however they are folded (FIFOs come on top)."""
    return sum(m.bits for x in dataflow.layers for m in kind_of(x.kind).memories(x, Folding()))


def _room(dataflow: Dataflow, board: Board) -> int:
    """Bits that the limits leave: all block RAM and large RAM, and the LUTs that the least logic does not take."""
    least = sum((logic_resources(board.device, layer, Folding()).lut for layer in dataflow.layers), 0)
    luts = max(0, board.usable["lut"] - least)
    blocks = board.usable["block_ram"] * board.device.block_bits
    return blocks + board.large_bits + luts * board.device.lut_rom_words


def _fewer_bits(recipe: Recipe, keys: tuple[str, ...]) -> Iterator[tuple[Change, Recipe]]:
    old = {key: getattr(recipe.quantization, key) for key in keys}
    for fewer in range(1, max(old.values())):
        new = {key: max(1, bits - fewer) for key, bits in old.items()}
        what = ", ".join(f"quantization.{key} = {bits} instead of {old[key]}" for key, bits in new.items())
        size = sum(1 - new[key] / old[key] for key in keys)
        yield Change(what, size), _with(recipe, quantization=recipe.quantization.model_copy(update=new))


def _smaller_network(recipe: Recipe) -> Iterator[tuple[Change, Recipe]]:
    """The metaparameter that the network's family is made smaller by, if it names one."""
    family = recipe.network["family"]
    key = standards()[family].shrunk_by
    if not key:
        return
    old = float(recipe.network.get(key, getattr(family_named(family)(), key)))
    for fraction in FRACTIONS:
        change = Change(f"network.{key} = {old * fraction:g} instead of {old:g}", 1 - fraction)
        yield change, _with(recipe, network={**recipe.network, key: old * fraction})


def _smaller_images(recipe: Recipe) -> Iterator[tuple[Change, Recipe]]:
    height, width = recipe.data.size
    for fraction in FRACTIONS:
        size = (max(1, round(height * fraction)), max(1, round(width * fraction)))
        change = Change(f"data.size = {list(size)} instead of {[height, width]}", 1 - fraction)
        yield change, _with(recipe, data=recipe.data.model_copy(update={"size": size}))


def _with(recipe: Recipe, **tables: Any) -> Recipe:
    return recipe.model_copy(update=tables)


def _other_hardware(asked: _Design) -> list[list[_Variant]]:
    """What was held back or held fast let go; weights in large RAM; lower frame rates; larger boards.

    A larger board runs at its own clock unless the user has set one, and what he leaves to others is left there, too.
    """
    board, rate = load_board(asked.board.name), asked.frame_rate
    whole, free = Change("hardware.at_most left out", 0.0), Change("hardware.fold left out", 0.0)
    lifted = [(whole, replace(asked, board=board))] if asked.board.at_most else []
    unfolded = [(free, replace(asked, fold={}))] if asked.fold else []
    loads = Change(f"hardware.load_weights = true (the host loads weights into {board.unit('large_ram')})", 0.0)
    loaded = [(loads, replace(asked, graph=lambda: loadable(asked.graph())))] if board.usable["large_ram"] else []
    slower = [
        (
            Change(f"hardware.frame_rate = {rate * part:g} instead of {rate:g}", 1 - part),
            replace(asked, frame_rate=rate * part),
        )
        for part in FRACTIONS
    ]
    others = sorted((load_board(name) for name in board_names()), key=lambda other: other.memory_bits)
    larger = [
        (
            Change(
                f"hardware.board = {other.name!r} ({other.title})",
                _TO_BE_BOUGHT + other.memory_bits / board.memory_bits,
            ),
            replace(asked, board=other.leaving(asked.board.at_most)),
        )
        for other in others
        if other.memory_bits > board.memory_bits
    ]
    return [lifted, unfolded, loaded, slower, larger]
