"""From a kernel's structure to a device family's LUTs and flip-flops: coefficients fitted to Yosys, with their error.

The coefficients lie beside the kinds in `kinds/costs.json`, written by `python -m benchmarks.calibrate`. An estimate is
the sum of every term times its coefficient; the terms are a `Logic`'s parts (or its whole) and one for each kernel.
Memories are no part of it: they are arithmetic (memories.py).
Not measured: whole windows on AMD parts, and multipliers with both operands over 4 bits, whose DSPs swallow registers
on AMD parts, so that flip-flops are then overestimated.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hwcodesign.fpga.family import Family
from hwcodesign.kinds.kind import Logic

COSTS = Path(__file__).parents[1] / "kinds" / "costs.json"
ESTIMATED = ("lut", "ff")


@cache
def costs() -> Mapping[str, Any]:
    """By family: `lut` and `ff` (coefficients by kind, then by term), and `error` (see `measured_error`)."""
    found: Mapping[str, Any] = json.loads(COSTS.read_text())
    return found


def terms(family: Family, logic: Logic) -> dict[str, dict[str, int]]:
    """What the coefficients multiply, for `lut` and for `ff`."""
    luts = {**(logic.parts or {"logic": logic.lut}), "kernel": 1}
    if family.cells_of_both:
        luts["flip_flops"] = logic.ff
    return {"lut": luts, "ff": {"logic": logic.ff, "kernel": 1}}


def calibrated(family: Family, kind: str, logic: Logic) -> Logic:
    """`logic` of a kernel of `kind` as this family makes it.

    It stays as its structure says where the family, the kind, or a part of it was never measured: `is_calibrated`
    tells, and so must whoever shows the estimate.
    """
    if not logic.lut + logic.ff or not is_calibrated(family, kind, logic):
        return logic
    counts = {}
    for resource, amounts in terms(family, logic).items():
        coefficients = costs()[_measured_as(family)][resource][kind]
        counts[resource] = round(sum(coefficients[term] * amount for term, amount in amounts.items()))
    return Logic(counts["lut"], counts["ff"], logic.dsp)


def is_calibrated(family: Family, kind: str, logic: Logic) -> bool:
    """Whether there are coefficients for every term of such a kernel, or it takes no logic at all."""
    table = costs().get(_measured_as(family), {})
    known = {resource: table.get(resource, {}).get(kind, {}) for resource in ESTIMATED}
    wanted = terms(family, logic)
    return not logic.lut + logic.ff or all(wanted[resource].keys() <= known[resource].keys() for resource in ESTIMATED)


def measured_error(family: Family) -> Mapping[str, float] | None:
    """The largest relative error of whole networks' `lut` and `ff` that the fit did not see; None: never measured."""
    name = _measured_as(family)
    return costs()[name]["error"] if name in costs() else None


def _measured_as(family: Family) -> str:
    return family.measured_as or family.name
