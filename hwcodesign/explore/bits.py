"""Bits for every layer's weights: the least loss within a budget, by the planner's integer program.

For each number of bits the planner lists what there is to choose between in every group of layers (plan/choices.py).
Here a group chooses among those of all its numbers of bits, and a choice costs what its layer loses (sensitivity.py).
Activations keep their bits, and so the streams between groups are the same whatever is chosen. Among designs of one
loss the one that takes the least of the board is best: that is what the share of the board adds to the loss.

The program counts FIFOs at their shortest, as plan/exact.py says; a design that then exceeds the budget after all is
sought again with a part of the missing reserved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hwcodesign.check.suggestions import predicted
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow
from hwcodesign.explore.sensitivity import Losses
from hwcodesign.fpga.board import Board
from hwcodesign.plan import Plan, loadable, plan
from hwcodesign.plan.choices import Choice, Choices, Taken, choices, group_choices
from hwcodesign.plan.exact import missing
from hwcodesign.plan.folding import Target, fast_enough
from hwcodesign.plan.groups import Combination, Names
from hwcodesign.plan.link_cost import least_link
from hwcodesign.plan.memory import logic_resources
from hwcodesign.plan.solver import Solution, Solver
from hwcodesign.recipe import LayerBitsTable, Recipe

GAP = 1e-4  # proven of the loss
LOSS = 1_000.0  # what all layers at their least bits together cost, in shares of a whole board


@dataclass(frozen=True)
class Assignment:
    """`recipe` has the `bits` of every layer that was given some; `loss` is the sum of the layers' own, in nats.

    `bound`: no assignment within the budget loses less, FIFOs aside. `planned` is the recipe's plan.
    """

    recipe: Recipe
    bits: Mapping[str, int]
    loss: float
    bound: float
    planned: Plan


@dataclass(frozen=True)
class _Rounded(Choice):
    """A choice of a group whose layer has these bits."""

    layer: str
    bits: int


def assign(recipe: Recipe, losses: Losses) -> Assignment:
    """The bits for the recipe's board, frame rate and budget (`hardware.at_most`).

    Raises UserError if the frame rate is "max" or out of reach, or if nothing fits even at the least bits.
    """
    hardware, board = recipe.hardware, recipe.hardware.load_board()
    if hardware.frame_rate == "max":
        raise UserError('frame_rate = "max" leaves no room for bits: say how fast it must be, --frame-rate 1000')
    target = Target(board, hardware.clock_mhz or board.clock_mhz, hardware.frame_rate)
    worst = sum(max(by_bits.values()) for by_bits in losses.values())
    space = _merged(recipe, losses, target, LOSS / max(worst, 1e-12))
    reserved = least_link(board, space.dataflow)
    bound: float | None = None
    while True:
        solution = Solver(space, reserved, hardware.solver_seconds, GAP).cheapest(target.cycles)
        if solution is None:
            raise UserError(f"no bits were found in {hardware.solver_seconds:g} s: say --solver-seconds with more")
        if not solution.fits:
            return _at_least(recipe, losses)
        bits = {choice.layer: choice.bits for choice in solution.choices if isinstance(choice, _Rounded)}
        loss = sum(losses[name][chosen] for name, chosen in bits.items())
        bound = max(0.0, loss - _unproven(solution, worst)) if bound is None else bound
        made, planned = _planned(with_bits(recipe, bits))
        if not planned.total.over(board):
            return Assignment(made, bits, loss, bound, planned)
        reserved += missing(planned.total, target)


def with_bits(recipe: Recipe, bits: Mapping[str, int]) -> Recipe:
    """The recipe with these bits of its layers' weights; what it says of their activations stays."""
    there = recipe.quantization.layers
    layers = there | {
        name: there.get(name, LayerBitsTable()).model_copy(update={"weight_bits": chosen})
        for name, chosen in bits.items()
    }
    return recipe.model_copy(update={"quantization": recipe.quantization.model_copy(update={"layers": layers})})


def _planned(recipe: Recipe) -> tuple[Recipe, Plan]:
    """The recipe's plan, layer by layer if that fits, else by the solver; the recipe then says so."""
    board = recipe.hardware.load_board()
    exactly = recipe.model_copy(update={"hardware": recipe.hardware.model_copy(update={"exact": True})})
    for tried in (recipe, exactly):
        planned = plan(predicted(tried), board, **tried.hardware.wishes())
        if not planned.total.over(board):
            break
    return tried, planned


def _merged(recipe: Recipe, losses: Losses, target: Target, price: float) -> Choices:
    """Every group's choices at all numbers of bits of its layer; costs are shares of the board, and `price` a nat."""
    levels = {bits for by_bits in losses.values() for bits in by_bits}
    graphs = {bits: _graph(recipe, losses, bits) for bits in sorted(levels)}
    every = {bits: fast_enough(graph, target, recipe.hardware.fold) for bits, graph in graphs.items()}
    folded = _affordable(graphs, every, target.board)
    most = max(graphs)
    space = choices(graphs[most], target, folded[most])

    def group(names: Names, as_it_is: tuple[Choice, ...]) -> tuple[Choice, ...]:
        layer = next((name for name in names if name in losses), None)
        if layer is None:
            return as_it_is
        return tuple(
            _priced(choice, layer, bits, price * loss)
            for bits, loss in losses[layer].items()
            for choice in group_choices(graphs[bits], target, names, folded[bits][names])
        )

    groups = (group(names, as_it_is) for names, as_it_is in zip(folded[most], space.groups, strict=True))
    return replace(space, groups=tuple(groups))


def _affordable(
    graphs: Mapping[int, Dataflow], folded: Mapping[int, Mapping[Names, Sequence[Combination]]], board: Board
) -> dict[int, dict[Names, list[Combination]]]:
    """Of every group's foldings at each number of bits, those that some design within the board's LUTs can have.

    What one takes beyond the least of its group, the least of all other groups must leave. Where not even the least of
    all fit, the least of each remain.
    """

    def luts(bits: int, names: Names, combination: Combination) -> int:
        layers = [graphs[bits].by_name[name] for name in names]
        return sum(logic_resources(board.device, *pair).lut for pair in zip(layers, combination, strict=True))

    taken = {
        bits: {names: [luts(bits, names, c) for c in combinations] for names, combinations in of_bits.items()}
        for bits, of_bits in folded.items()
    }
    least = {names: min(min(of_bits[names]) for of_bits in taken.values()) for names in next(iter(folded.values()))}
    room = max(0, board.usable["lut"] - sum(least.values()))
    return {
        bits: {
            names: [
                c
                for c, lut in zip(combinations, taken[bits][names], strict=True)
                if lut <= max(least[names] + room, min(taken[bits][names]))
            ]
            for names, combinations in of_bits.items()
        }
        for bits, of_bits in folded.items()
    }


def _priced(choice: Choice, layer: str, bits: int, cost: float) -> _Rounded:
    taken = Taken(choice.taken.resources, choice.taken.cost + cost)
    return _Rounded(choice.foldings, choice.storage, choice.cycles, taken, layer, bits)


def _graph(recipe: Recipe, losses: Losses, bits: int) -> Dataflow:
    """With each layer at `bits`, or as near to it as the layer can have."""
    nearest = {name: min(by_bits, key=lambda other: abs(other - bits)) for name, by_bits in losses.items()}
    graph = predicted(with_bits(recipe, nearest))
    return loadable(graph) if recipe.hardware.load_weights else graph


def _unproven(solution: Solution, worst: float) -> float:
    """Nats by which a better assignment may lose less: what the solver left open."""
    return (solution.cost - solution.bound) * worst / LOSS


def _at_least(recipe: Recipe, losses: Losses) -> Assignment:
    """The fewest bits everywhere, where nothing else fits. Raises UserError if that does not fit either."""
    bits = {name: min(by_bits) for name, by_bits in losses.items()}
    board, (made, planned) = recipe.hardware.load_board(), _planned(with_bits(recipe, bits))
    over = planned.total.over(board)
    if over:
        needs = ", ".join(f"{getattr(planned.total, key)} of {board.usable[key]} {board.unit(key)}" for key in over)
        fewest = " or ".join(map(str, sorted(set(bits.values()))))
        raise UserError(
            f"the budget is too small for {board.name}: with {fewest} bits everywhere the network still takes {needs}; "
            "allow more, or ask for a lower --frame-rate"
        )
    loss = sum(losses[name][chosen] for name, chosen in bits.items())
    return Assignment(made, bits, loss, 0.0, planned)
