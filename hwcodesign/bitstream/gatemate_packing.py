"""What nextpnr's packer for GateMate makes of a mapped netlist beyond its cells, by its rules: halves of CPEs.

Half a CPE holds a LUT, or a multiplexer of two, and the flip-flop behind it. Flip-flops that nothing else may share a
half with take one of their own, and so does the wire around a flip-flop whose LUT drives others, too. Adders lie in
pairs, each pair or rest in a whole CPE; a chain begins in one half more, and ends in one where its carry leaves it. A
LUT of one or two inputs whose only reader is an adder disappears into it. What a block RAM reads passes through half a
CPE, its own LUT's if that drives nothing else.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Bit = int | str
_HALF = {"CC_LUT1": "O", "CC_LUT2": "O", "CC_L2T4": "O", "CC_MX2": "Y"}  # types and their outputs
_WHOLE = {"CC_L2T5": "O", "CC_MX4": "Y", "CC_ADDF": "S"}


def halves(module: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Cells (of Yosys' JSON) that take more places than their type says, and how many more; below 0: fewer."""
    nets = _Nets(module)
    yield from _flip_flops(nets)
    yield from _adders(nets)
    for name, port, bit in nets.inputs("CC_BRAM"):
        kind = nets.driver[bit][1] if bit in nets.driver else ""
        if port.split("_")[-1] != "CLK" and not (kind in _HALF and len(nets.readers[bit]) == 1):
            yield name, 1


class _Nets:
    """`driver` and `readers` of every bit: (cell, type, port); a module's output reads, too."""

    def __init__(self, module: Mapping[str, Any]) -> None:
        self.cells: Mapping[str, Any] = module["cells"]
        self.driver: dict[Bit, tuple[str, str, str]] = {}
        self.readers: dict[Bit, list[tuple[str, str, str]]] = defaultdict(list)
        for name, cell in self.cells.items():
            for port, bits in cell["connections"].items():
                for bit in bits:
                    end = name, cell["type"], port
                    if cell["port_directions"][port] == "input":
                        self.readers[bit].append(end)
                    else:
                        self.driver[bit] = end
        for name, port in module["ports"].items():
            if port["direction"] == "output":
                for bit in port["bits"]:
                    self.readers[bit].append((name, "", ""))

    def pin(self, cell: str, port: str) -> Bit:
        """The bit at a port of one bit; "" if it is left open."""
        bits = self.cells[cell]["connections"].get(port, ())
        return bits[0] if bits else ""

    def of(self, kind: str) -> Iterator[str]:
        """The cells of one type."""
        return (name for name, cell in self.cells.items() if cell["type"] == kind)

    def inputs(self, kind: str) -> Iterator[tuple[str, str, Bit]]:
        """(cell, port, bit) of every driven input of the types that begin so."""
        for name, cell in self.cells.items():
            if cell["type"].startswith(kind):
                for port, bits in cell["connections"].items():
                    if cell["port_directions"][port] == "input":
                        yield from ((name, port, bit) for bit in bits if isinstance(bit, int))


def _flip_flops(nets: _Nets) -> Iterator[tuple[str, int]]:
    """One more for each that no cell drives alone: it takes a half, or the wire around it does."""
    for name in nets.of("CC_DFF"):
        bit = nets.pin(name, "D")
        _, kind, port = nets.driver.get(bit, ("", "", ""))
        if len(nets.readers[bit]) > 1 or port != (_HALF | _WHOLE).get(kind):
            yield name, 1


def _adders(nets: _Nets) -> Iterator[tuple[str, int]]:
    """Those without a partner, the ends of chains, and the LUTs that disappear into adders."""
    next_of = {nets.pin(name, "CI"): name for name in nets.of("CC_ADDF")}
    for name in nets.of("CC_ADDF"):
        for port in ("A", "B"):
            bit = nets.pin(name, port)
            source, kind, _ = nets.driver.get(bit, ("", "", ""))
            if kind in ("CC_LUT1", "CC_LUT2") and len(nets.readers[bit]) == 1:
                yield source, -1
        if nets.driver.get(nets.pin(name, "CI"), ("", "", ""))[1:] != ("CC_ADDF", "CO"):
            chain = [name]
            while follower := next_of.get(nets.pin(chain[-1], "CO")):
                chain.append(follower)
            leaves = bool(nets.readers[nets.pin(chain[-1], "CO")]) if nets.pin(chain[-1], "CO") else False
            yield name, 1 + leaves + _unpaired(nets, chain)


def _unpaired(nets: _Nets, chain: list[str]) -> int:
    """Adders of a chain that share their CPE with none: the carry between two is read by the next one alone."""
    count = place = 0
    while place < len(chain):
        carries = [nets.pin(name, "CO") for name in chain[place : place + 2]]
        inside = len(carries) == 2 and len(nets.readers[carries[0]]) == 1
        after = len(carries) == 2 and (place + 2 == len(chain) or len(nets.readers[carries[1]]) <= 1)
        count += not (inside and after)
        place += 2 if inside and after else 1
    return count
