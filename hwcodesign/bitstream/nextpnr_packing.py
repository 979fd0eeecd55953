"""What place and route takes beyond the cells of a mapped netlist, by its packers' rules and from the netlist alone.

An iCE40's logic cell holds a LUT, the flip-flop behind it and a carry beside it. nextpnr puts a flip-flop with a LUT
that drives nothing else, and a carry with the LUT that adds the same two bits and that carry; all others take logic
cells of their own, as do the ends of carry chains: one where a chain starts from a signal, one where a carry leaves it.

A Gowin ALU takes a LUT's place. nextpnr begins every chain of them with one more, ends it with one where a carry leaves
it, and fills it up to a whole number of pairs.

GateMate's rules stand in gatemate_packing.py.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from hwcodesign.bitstream.gatemate_packing import halves
from hwcodesign.fpga.family import ABSORBED, LOGIC_CELL

Module = Mapping[str, Any]  # of Yosys' JSON
_Pins = Mapping[str, int | str]  # a cell's ports of one bit
_CONSTANTS = ("0", "1", "x", "z")
_GATEMATE = ("CC_DFF", "CC_ADDF", "CC_BRAM_20K", "CC_BRAM_40K")  # one of them is in every netlist that packs otherwise


def cell_types(module: Module) -> Iterator[tuple[str, str]]:
    """The name and the type of every cell; and with LOGIC_CELL as often as it takes a place without being a LUT.

    With ABSORBED, where it is a LUT and takes none.
    """
    kinds: dict[str, dict[str, _Pins]] = {"SB_LUT4": {}, "SB_DFF": {}, "SB_CARRY": {}, "ALU": {}}
    for name, cell in module["cells"].items():
        yield name, cell["type"]
        kind = "SB_DFF" if cell["type"].startswith("SB_DFF") else cell["type"]  # and its variants
        if kind in kinds:
            kinds[kind][name] = {port: bits[0] for port, bits in cell["connections"].items() if bits}
    if any(kinds.values()):
        readers = Counter(_bits_read(module))
        without = (
            *_flip_flops_alone(kinds["SB_LUT4"], kinds["SB_DFF"], readers),
            *_carries_alone(kinds["SB_LUT4"], kinds["SB_CARRY"], readers),
            *_ends_of_chains(kinds["ALU"], readers),
        )
        yield from ((name, LOGIC_CELL) for name in without)
    if any(cell["type"] in _GATEMATE for cell in module["cells"].values()):
        for name, more in halves(module):
            yield from ((name, LOGIC_CELL if more > 0 else ABSORBED) for _ in range(abs(more)))


def _bits_read(module: Module) -> Iterator[int | str]:
    """Every bit as often as a cell or an output port of the module reads it."""
    for cell in module["cells"].values():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "input":
                yield from bits
    for port in module["ports"].values():
        if port["direction"] == "output":
            yield from port["bits"]


def _flip_flops_alone(
    luts: Mapping[str, _Pins], flip_flops: Mapping[str, _Pins], readers: Counter[int | str]
) -> Iterator[str]:
    """The flip-flops that no LUT drives, or one that drives others too."""
    behind_lut = {pins["O"] for pins in luts.values() if readers[pins["O"]] == 1}
    yield from (name for name, pins in flip_flops.items() if pins["D"] not in behind_lut)


def _carries_alone(
    luts: Mapping[str, _Pins], carries: Mapping[str, _Pins], readers: Counter[int | str]
) -> Iterator[str]:
    """The carries beside no LUT, and each once more for each end of a chain that it is."""
    chained = {pins["CO"] for pins in carries.values()}
    next_of = {pins["CI"]: (pins["I0"], pins["I1"]) for pins in carries.values()}
    added = defaultdict(list)  # by carry: the bits that a LUT adds to it
    for pins in luts.values():
        added[pins["I3"]].append((pins["I1"], pins["I2"]))
    for name, pins in carries.items():
        if (pins["I0"], pins["I1"]) not in added[pins["CI"]]:
            yield name
        if pins["CI"] not in chained and pins["CI"] not in _CONSTANTS:
            yield name
        carry, follower = pins["CO"], next_of.get(pins["CO"])
        others = readers[carry] - (follower is not None)
        # The LUT of the chain's next cell can read a carry, and no other.
        if len(added[carry]) != others or others > 1 or (others and follower not in (None, *added[carry])):
            yield name


def _ends_of_chains(alus: Mapping[str, _Pins], readers: Counter[int | str]) -> Iterator[str]:
    """The first ALU of every chain, as often as nextpnr adds one to the chain."""
    carries = {pins["COUT"] for pins in alus.values()}
    next_of = {pins["CIN"]: pins for pins in alus.values()}
    for name, first in alus.items():
        if first["CIN"] not in carries:
            chain = [first]
            while follower := next_of.get(chain[-1]["COUT"]):
                chain.append(follower)
            left = sum(readers[pins["COUT"]] > 1 for pins in chain[:-1]) + (readers[chain[-1]["COUT"]] > 0)
            yield from [name] * (1 + left + (1 + len(chain) + left) % 2)
