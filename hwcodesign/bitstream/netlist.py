"""Which layer a cell of a flattened netlist belongs to: its name still says in which instance it was made."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from hwcodesign.bitstream.nextpnr_packing import cell_types
from hwcodesign.bitstream.top import DESIGN
from hwcodesign.bitstream.yosys import resources_of
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.identifiers import identifiers
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.resources import Resources
from hwcodesign.plan.insert_streams import inserted

INSIDE = f"{DESIGN}."  # where in the board's top level network and link are
NETWORK, LINK = "u_accelerator.", "u_link."
SCORES = "score_"  # the network's last registers, by the name of the wires that they drive
STREAMS, THE_LINK, CLOCK_AND_RESET = "(streams between layers)", "(link)", "(clock and reset)"
OVERHEAD = (THE_LINK, CLOCK_AND_RESET)  # what is not the network, and so not in the plan


def owners(design: Dataflow) -> dict[str, str]:
    """By instance in the network's top level: the layer it is, or whose stream it carries (FIFOs, converters)."""
    found: dict[str, str] = {}
    names = identifiers(design)
    for layer in design.layers:
        source = design.edges_into(layer.name)[0].source if inserted(layer) else ""
        found[f"u_{names[layer.name]}"] = found[f"u_{names[source]}"] if source else layer.name
    return found


def owner(cell: str, instances: Mapping[str, str], inside: str = INSIDE) -> str:
    """The layer of a cell of the board's top level, or one of the names in brackets."""
    if cell.startswith(inside + LINK):
        return THE_LINK
    if cell.startswith(inside + SCORES):
        return STREAMS
    if not cell.startswith(inside + NETWORK):
        return CLOCK_AND_RESET
    instance, dot, _ = cell.removeprefix(inside + NETWORK).partition(".")
    return instances.get(instance, STREAMS) if dot else STREAMS


def resources_by_layer(
    family: Family, netlist: Path, top: str, design: Dataflow, inside: str = INSIDE
) -> dict[str, Resources]:
    """What every layer takes of a netlist (Yosys' JSON) mapped for `family`, in the design's order, then the rest.

    `inside` is the path in `top` of the module that holds network and link, with a dot at its end.
    """
    module = json.loads(netlist.read_text())["modules"][top]
    instances = owners(design)
    types: dict[str, Counter[str]] = defaultdict(Counter)
    for name, kind in cell_types(module):
        types[owner(name, instances, inside)][kind] += 1
    order = dict.fromkeys([*(layer.name for layer in design.layers), STREAMS, *OVERHEAD])
    return {name: resources_of(family, types[name]) for name in order if name in types}


def total(parts: Iterable[Resources]) -> Resources:
    """Their sum."""
    return sum(parts, Resources())
