"""Chooses a folding for every layer: the cheapest legal one that keeps up with the frame rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hwcodesign.core.errors import UserError, did_you_mean, nearest_numbers
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.family import Family
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan.groups import Combination, Names, groups
from hwcodesign.plan.options import Entering, Options, every_option

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
    for names, options in _options(dataflow, target, constraints).items():
        chosen.update(zip(names, options.cheapest(_entering(dataflow, names, chosen)), strict=True))
    return chosen


def fast_enough(dataflow: Dataflow, target: Target, constraints: Constraints) -> dict[Names, Sequence[Combination]]:
    """The legal combinations of foldings that reach the target, by the names of the layers that go together.

    Raises UserError as `choose_foldings` does.
    """
    return {names: options.combinations for names, options in _options(dataflow, target, constraints).items()}


def _options(dataflow: Dataflow, target: Target, constraints: Constraints) -> dict[Names, Options]:
    """What every group may be; at least one combination each."""
    found = _legal_options(dataflow, target, constraints)
    least = {
        name: cycles for names, options in found.items() for name, cycles in zip(names, options.least, strict=True)
    }
    _check_rate({layer.name: least[layer.name] for layer in dataflow.layers}, target, constraints, found)
    for names, options in found.items():
        if not options.combinations:  # each is fast enough, and both together are not
            _check_rate({names[-1]: options.least_together}, target, constraints, found)
    return found


def _legal_options(dataflow: Dataflow, target: Target, constraints: Constraints) -> dict[Names, Options]:
    """What agrees with the user's constraints."""
    for name in constraints:
        if name not in dataflow.by_name:
            raise UserError(f"fold: there is no layer {name!r}: {did_you_mean(name, dataflow.by_name)}")
    for layer in dataflow.layers:
        kind_of(layer.kind).check(layer)
    there = groups(dataflow, target.board)
    found = {names: every_option(group, target.cycles) for names, group in there.items()}
    place = {name: (names, i) for names in there for i, name in enumerate(names)}
    for name, wanted in constraints.items():
        names, i = place[name]
        every = there[names].combinations
        _require_allowed(name, wanted, [combination[i] for combination in every], target.board.device)
        kept = [n for n in found[names].numbers if all(getattr(every[n][i], k) == v for k, v in wanted.items())]
        found[names] = Options(there[names], target.cycles, kept)
    for name in constraints:
        if not found[place[name][0]].numbers:
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
    found: Mapping[Names, Options],
) -> None:
    slowest = max(fastest, key=lambda name: (fastest[name], name in constraints))
    if fastest[slowest] > target.cycles:
        rate = target.clock_mhz * 1e6 / fastest[slowest]
        held, would_do = "", ""
        if slowest in constraints:
            held = f" (held by fold: {_text(constraints[slowest])})"
            would_do = _would_do(slowest, found)
        raise UserError(
            f"frame_rate = {target.frame_rate:g} is out of reach at {target.clock_mhz:g} MHz: the fastest is "
            f"{rate:.1f} frames per second; {slowest}{held} takes {fastest[slowest]} cycles at best{would_do}"
        )


def _would_do(name: str, found: Mapping[Names, Options]) -> str:
    """The least parallel folding of the layer that is fast enough, if one is."""
    names = next(names for names in found if name in names)
    fast = [made[names.index(name)] for made in found[names].without_wishes.combinations]
    if not fast:
        return ""
    least = min(fast, key=lambda folding: (folding.pe * folding.simd, folding))
    return f"; pe = {least.pe}, simd = {least.simd} would do"


def _text(wanted: Wanted) -> str:
    return ", ".join(f"{key} = {value}" for key, value in wanted.items())


def _entering(dataflow: Dataflow, names: Names, chosen: Mapping[str, Folding]) -> tuple[Entering, ...]:
    """The streams that enter a group from layers that are folded already."""
    found = []
    for i, name in enumerate(names):
        for edge in dataflow.edges_into(name):
            if edge.source not in names:
                source = dataflow.by_name[edge.source]
                found.append(Entering(i, edge.target_port, kind_of(source.kind).lanes(source, chosen[edge.source])[1]))
    return tuple(found)
