"""Chooses a folding for every layer: the cheapest legal one that keeps up with the frame rate."""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hwcodesign.core.errors import UserError, did_you_mean, nearest_numbers
from hwcodesign.dataflow import Dataflow, Layer
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.fifo import SHORTEST
from hwcodesign.plan.insert_streams import conversion, converter, lanes_at
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

    A sliding window and its reader are chosen together. Their lanes are equal: a convolution's SIMD then divides the
    channels, and a max pool sees the blocks of channels that its window sends. Or the window leaves as a whole, and a
    convolution may have any SIMD: what it does not take at once waits in front of a width converter.

    Raises UserError for a layer that its kernel cannot compute, constraints that cannot be met, and a frame rate that
    no folding reaches.
    """
    chosen: dict[str, Folding] = {}
    for names, options in fast_enough(dataflow, target, constraints).items():
        group = [dataflow.by_name[name] for name in names]
        best = min(_least_parallel(options), key=lambda option: _cost(dataflow, group, option, chosen, target))
        chosen.update(zip(names, best, strict=True))
    return chosen


def fast_enough(
    dataflow: Dataflow, target: Target, constraints: Constraints
) -> dict[tuple[str, ...], list[tuple[Folding, ...]]]:
    """The legal combinations of foldings that reach the target, by the names of the layers that go together.

    Raises UserError as `choose_foldings` does.
    """
    legal = _legal_foldings(dataflow, target.board.device, constraints)
    cycles = {x.name: {f: kind_of(x.kind).cycles(x, f) for f in legal[x.name]} for x in dataflow.layers}
    _check_rate({name: min(of_layer.values()) for name, of_layer in cycles.items()}, target, constraints)
    enough = {name: [f for f, taken in of_layer.items() if taken <= target.cycles] for name, of_layer in cycles.items()}
    groups: dict[tuple[str, ...], list[tuple[Folding, ...]]] = {}
    done: set[str] = set()
    for layer in dataflow.layers:
        if layer.name not in done:
            group = [layer, *_tied_reader(dataflow, layer)]
            names = tuple(x.name for x in group)
            groups[names] = _groups(group, [enough[name] for name in names])
            if not groups[names]:  # each is fast enough, and both together are not
                pairs = _groups(group, [legal[name] for name in names])
                fastest = min(max(cycles[n][f] for n, f in zip(names, pair, strict=True)) for pair in pairs)
                _check_rate(dict.fromkeys(names[-1:], fastest), target, constraints)
            done.update(names)
    return groups


def _legal_foldings(dataflow: Dataflow, device: Family, constraints: Constraints) -> dict[str, list[Folding]]:
    """Every layer's foldings that agree with the device, the user's constraints and its neighbours."""
    for name in constraints:
        if name not in dataflow.by_name:
            raise UserError(f"fold: there is no layer {name!r}: {did_you_mean(name, dataflow.by_name)}")
    for layer in dataflow.layers:
        kind_of(layer.kind).check(layer)
    legal = {layer.name: possible_foldings(layer, device) for layer in dataflow.layers}
    _tie_windows(dataflow, legal)
    for name, wanted in constraints.items():
        for key, value in wanted.items():
            allowed = {getattr(folding, key) for folding in legal[name]}
            if value not in allowed:
                nearest = " or ".join(map(str, nearest_numbers(value, allowed)))
                reason = _why_not_packed(device) if key == "packed" else "is no folding of this layer"
                hint = _prime_hint(allowed) if key == "pe" else ""
                raise UserError(f"fold: {name}: {key} = {value} {reason}: nearest legal: {nearest}{hint}")
        legal[name] = [f for f in legal[name] if all(getattr(f, key) == value for key, value in wanted.items())]
    _tie_windows(dataflow, legal)
    for name in constraints:
        if not legal[name]:
            raise UserError(
                f"fold: {name}: no legal folding has {_text(constraints[name])}; "
                "a sliding window's pe equals its reader's simd (a max pool's pe), unless it sends whole windows; "
                "packed is at most pe"
            )
    return legal


def possible_foldings(layer: Layer, device: Family) -> list[Folding]:
    """The foldings whose hardware multipliers the device has."""
    kind = kind_of(layer.kind)
    return [f for f in kind.foldings(layer) if kind.operand_bits(layer, f) <= device.multiplier_bits]


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


def _tie_windows(dataflow: Dataflow, legal: dict[str, list[Folding]]) -> None:
    """Keep only the foldings of a sliding window and of its reader whose lanes the other can have too."""
    for window in dataflow.layers:
        for reader in _tied_reader(dataflow, window):
            pairs = _groups([window, reader], [legal[window.name], legal[reader.name]])
            legal[window.name] = sorted({sends for sends, _ in pairs})
            legal[reader.name] = sorted({reads for _, reads in pairs})


def _check_rate(fastest: Mapping[str, int], target: Target, constraints: Constraints) -> None:
    slowest = max(fastest, key=lambda name: fastest[name])
    if fastest[slowest] > target.cycles:
        rate = target.clock_mhz * 1e6 / fastest[slowest]
        held = f" (held by fold: {_text(constraints[slowest])})" if slowest in constraints else ""
        raise UserError(
            f"frame_rate = {target.frame_rate:g} is out of reach at {target.clock_mhz:g} MHz: "
            f"the fastest is {rate:.1f} frames per second; {slowest}{held} takes {fastest[slowest]} cycles at best"
        )


def _text(wanted: Wanted) -> str:
    return ", ".join(f"{key} = {value}" for key, value in wanted.items())


def _tied_reader(dataflow: Dataflow, layer: Layer) -> list[Layer]:
    if not kind_of(layer.kind).folded_with_reader:
        return []
    return [dataflow.by_name[edge.target] for edge in dataflow.edges_from(layer.name)]


def _groups(group: list[Layer], options: list[list[Folding]]) -> list[tuple[Folding, ...]]:
    """The combinations of the layers' options whose lanes agree, or that begin with whole windows."""
    if len(group) == 1:
        return [(folding,) for folding in options[0]]
    window, reader = group
    sent = {f: kind_of(window.kind).lanes(window, f)[1] for f in options[0]}
    read = {f: kind_of(reader.kind).lanes(reader, f)[0] for f in options[1]}
    return [(f, g) for f, lanes in sent.items() for g, needed in read.items() if f.simd > 1 or lanes == needed]


def _least_parallel(options: list[tuple[Folding, ...]]) -> list[tuple[Folding, ...]]:
    """Those that work on at most twice as much at once as the least: the cheapest is among them, the search short."""
    widths = [option[-1].pe * option[-1].simd for option in options]
    most = 2 * min(widths)
    return [option for option, width in zip(options, widths, strict=True) if width <= most]


def _cost(
    dataflow: Dataflow, group: list[Layer], option: tuple[Folding, ...], chosen: dict[str, Folding], target: Target
) -> tuple[float, tuple[Folding, ...]]:
    """The share of the board that this choice takes, with the width converters towards and between its layers."""
    total = sum((_resources(layer, f, target.board) for layer, f in zip(group, option, strict=True)), Resources())
    foldings = ChainMap(dict(zip((layer.name for layer in group), option, strict=True)), chosen)
    for edge in (edge for layer in group for edge in dataflow.edges_into(layer.name)):
        for _, few, many in conversion(*lanes_at(dataflow, foldings, edge)):
            total += logic_resources(target.board.device, converter("", dataflow.stream(edge), few, many), Folding())
    if len(group) > 1 and option[0].simd > 1:
        total += waiting_windows(group[0], group[1], option[1], target)
    return total.share(target.board), option


def waiting_windows(window: Layer, reader: Layer, reads: Folding, target: Target) -> Resources:
    """What the FIFO behind whole windows takes, an estimate."""
    pixel_cycles = kind_of(reader.kind).pixel_cycles(reader, reads)
    waiting = kind_of(window.kind).waiting(window, target.cycles, pixel_cycles)
    attributes = {"depth": max(SHORTEST, waiting)}
    fifo = Layer("", "fifo", (window.output,), (window.output,), attributes)
    return _resources(fifo, Folding(window.output.channels), target.board)


def _resources(layer: Layer, folding: Folding, board: Board) -> Resources:
    memories = kind_of(layer.kind).memories(layer, folding)
    return sum((cheaper_storage(board, m)[1] for m in memories), logic_resources(board.device, layer, folding))
