"""Netlists as Yosys writes them, for tests of what counts their cells."""

from collections.abc import Collection, Mapping
from typing import Any

Pins = dict[str, int | str]
Cells = dict[str, tuple[str, Pins]]


def netlist(cells: Mapping[str, tuple[str, Pins]], driving: Collection[str], *outputs: int) -> dict[str, Any]:
    """A module of `cells` whose ports named in `driving` are outputs; `outputs` are the bits of its output port."""
    return {
        "ports": {"out": {"direction": "output", "bits": list(outputs)}},
        "cells": {
            name: {
                "type": kind,
                "port_directions": {port: "output" if port in driving else "input" for port in pins},
                "connections": {port: [bit] for port, bit in pins.items()},
            }
            for name, (kind, pins) in cells.items()
        },
    }
