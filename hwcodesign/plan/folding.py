"""Chooses a folding for every layer: the cheapest legal one that keeps up with the frame rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from hwcodesign.core.errors import UserError, did_you_mean, nearest_numbers
from hwcodesign.dataflow import Dataflow, Layer, Stream
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.fifo import SHORTEST
from hwcodesign.plan.groups import REMEMBERED_STREAMS, Combination, Group, Names, converters, groups
from hwcodesign.plan.memory import cheaper_storage, logic_resources

Wanted = Mapping[Literal["pe", "simd", "packed"], int]
Constraints = Mapping[str, Wanted]  # by layer
ANY_CYCLES = 1 << 62
ROUNDING = 1e-12  # more than a division and its reverse lose


@dataclass(frozen=True)
class Target:
    """What the foldings must reach: `cycles` per frame at most, on `board`. No `frame_rate`: any number of cycles."""

    board: Board
    clock_mhz: float
    frame_rate: float | None

    @property
    def cycles(self) -> int:
        """A rate that was made from a whole number of cycles gives that number again."""
        if not self.frame_rate:
            return ANY_CYCLES
        return int(min(self.clock_mhz * 1e6 / self.frame_rate * (1 + ROUNDING), ANY_CYCLES))


def choose_foldings(dataflow: Dataflow, target: Target, constraints: Constraints) -> dict[str, Folding]:
    """A folding for every layer, in the order of the graph, each the cheapest next to those before it.

    Layers of a group (see groups.py) are chosen together.

    Raises UserError for a layer that its kernel cannot compute, constraints that cannot be met, and a frame rate that
    no folding reaches.
    """
    chosen: dict[str, Folding] = {}
    there = groups(dataflow, target.board)
    for names, options in fast_enough(dataflow, target, constraints).items():
        entering = _entering(dataflow, names, chosen)
        costs = ((_cost(there[names], option, entering, target), option) for option in _least_parallel(options))
        chosen.update(zip(names, min(costs)[1], strict=True))
    return chosen


def fast_enough(dataflow: Dataflow, target: Target, constraints: Constraints) -> dict[Names, list[Combination]]:
    """The legal combinations of foldings that reach the target, by the names of the layers that go together.

    Raises UserError as `choose_foldings` does.
    """
    legal, cycles = _legal_combinations(dataflow, target.board, constraints), target.cycles
    found: dict[Names, list[Combination]] = {}
    least: dict[str, int] = {}  # cycles of each layer
    for names, (group, numbers) in legal.items():
        for i, name in enumerate(names):
            least[name] = min(group.cycles[number][i] for number in numbers)
        found[names] = [group.combinations[n] for n in numbers if group.slowest[n] <= cycles]
    groups_of = {name: (names, group) for names, (group, _) in legal.items() for name in names}
    _check_rate({layer.name: least[layer.name] for layer in dataflow.layers}, target, constraints, groups_of)
    for names, (group, numbers) in legal.items():
        if not found[names]:  # each is fast enough, and both together are not
            _check_rate({names[-1]: min(group.slowest[n] for n in numbers)}, target, constraints, groups_of)
    return found


def _legal_combinations(
    dataflow: Dataflow, board: Board, constraints: Constraints
) -> dict[Names, tuple[Group, Sequence[int]]]:
    """Every group, and which of its combinations agree with the user's constraints, by number."""
    for name in constraints:
        if name not in dataflow.by_name:
            raise UserError(f"fold: there is no layer {name!r}: {did_you_mean(name, dataflow.by_name)}")
    for layer in dataflow.layers:
        kind_of(layer.kind).check(layer)
    there = groups(dataflow, board)
    found: dict[Names, tuple[Group, Sequence[int]]] = {}
    for names, group in there.items():
        found[names] = group, range(len(group.combinations))
    place = {name: (names, i) for names in there for i, name in enumerate(names)}
    for name, wanted in constraints.items():
        names, i = place[name]
        every = there[names].combinations
        _require_allowed(name, wanted, [combination[i] for combination in every], board.device)
        kept = [n for n in found[names][1] if all(getattr(every[n][i], key) == value for key, value in wanted.items())]
        found[names] = there[names], kept
    for name in constraints:
        if not found[place[name][0]][1]:
            raise UserError(
                f"fold: {name}: no legal folding has {_text(constraints[name])}; "
                "a sliding window's pe equals its reader's simd (a max pool's pe), unless it sends whole windows; "
                "packed is at most pe"
            )
    return found


def _require_allowed(name: str, wanted: Wanted, legal: Sequence[Folding], device: Family) -> None:
    for key, value in wanted.items():
        allowed = {getattr(folding, key) for folding in legal}
        if value not in allowed:
            nearest = " or ".join(map(str, nearest_numbers(value, allowed)))
            reason = _why_not_packed(device) if key == "packed" else "is no folding of this layer"
            hint = _prime_hint(allowed) if key == "pe" else ""
            raise UserError(f"fold: {name}: {key} = {value} {reason}: nearest legal: {nearest}{hint}")


def _why_not_packed(device: Family) -> str:
    return (
        "cannot be: as many products do not share a hardware multiplier here "
        f"({device.name}: {device.multiplier_bits} bits; 0 stands for multipliers of LUTs)"
    )


def _prime_hint(allowed: set[int]) -> str:
    most = max(allowed)
    if most < 5 or allowed != {1, most} or any(most % n == 0 for n in range(2, most)):
        return ""
    return f"; {most} is prime: padded to {most + 1} channels, the layer would have more"


def _check_rate(
    fastest: Mapping[str, int],
    target: Target,
    constraints: Constraints,
    groups_of: Mapping[str, tuple[Names, Group]],
) -> None:
    slowest = max(fastest, key=lambda name: (fastest[name], name in constraints))
    if fastest[slowest] > target.cycles:
        rate = target.clock_mhz * 1e6 / fastest[slowest]
        held, would_do = "", ""
        if slowest in constraints:
            held = f" (held by fold: {_text(constraints[slowest])})"
            would_do = _would_do(slowest, *groups_of[slowest], target.cycles)
        raise UserError(
            f"frame_rate = {target.frame_rate:g} is out of reach at {target.clock_mhz:g} MHz: the fastest is "
            f"{rate:.1f} frames per second; {slowest}{held} takes {fastest[slowest]} cycles at best{would_do}"
        )


def _would_do(name: str, names: Names, group: Group, cycles: int) -> str:
    """The least parallel folding of the layer that is fast enough, if one is."""
    fast = [made[names.index(name)] for made, slowest in zip(group.combinations, group.slowest, strict=True)
            if slowest <= cycles]  # fmt: skip
    if not fast:
        return ""
    least = min(fast, key=lambda folding: (folding.pe * folding.simd, folding))
    return f"; pe = {least.pe}, simd = {least.simd} would do"


def _text(wanted: Wanted) -> str:
    return ", ".join(f"{key} = {value}" for key, value in wanted.items())


def _least_parallel(options: list[tuple[Folding, ...]]) -> list[tuple[Folding, ...]]:
    """Those that work on at most twice as much at once as the least: the cheapest is among them, the search short."""
    widths = [option[-1].pe * option[-1].simd for option in options]
    most = 2 * min(widths)
    return [option for option, width in zip(options, widths, strict=True) if width <= most]


def _entering(dataflow: Dataflow, names: Names, chosen: Mapping[str, Folding]) -> list[tuple[int, Layer, Stream, int]]:
    """The streams that enter a group: which of its layers reads them, that layer, the stream, and the lanes sent."""
    found = []
    for i, name in enumerate(names):
        for edge in dataflow.edges_into(name):
            if edge.source not in names:
                source = dataflow.by_name[edge.source]
                _, sent = kind_of(source.kind).lanes(source, chosen[edge.source])
                found.append((i, dataflow.by_name[name], dataflow.stream(edge), sent))
    return found


def _cost(
    group: Group, option: Combination, entering: Sequence[tuple[int, Layer, Stream, int]], target: Target
) -> float:
    """The share of the board that this choice takes, with the width converters towards and between its layers."""
    total = group.taken(option)
    for i, layer, stream, sent in entering:
        needed, _ = kind_of(layer.kind).lanes(layer, option[i])
        if sent != needed:
            total += converters(target.board.device, stream, sent, needed)
    if len(option) > 1 and option[0].simd > 1:
        total += waiting_windows(group.layers[0], group.layers[1], option[1], target)
    return total.share(target.board)


def waiting_windows(window: Layer, reader: Layer, reads: Folding, target: Target) -> Resources:
    """What the FIFO behind whole windows takes, an estimate."""
    pixel_cycles = kind_of(reader.kind).pixel_cycles(reader, reads)
    waiting = kind_of(window.kind).waiting(window, target.cycles, pixel_cycles)
    return _fifo(window.output, max(SHORTEST, waiting), target.board)


@lru_cache(REMEMBERED_STREAMS)
def _fifo(stream: Stream, depth: int, board: Board) -> Resources:
    fifo, folding = Layer("", "fifo", (stream,), (stream,), {"depth": depth}), Folding(stream.channels)
    memories = kind_of(fifo.kind).memories(fifo, folding)
    return sum((cheaper_storage(board, m)[1] for m in memories), logic_resources(board.device, fifo, folding))
