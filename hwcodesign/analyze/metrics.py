"""The metrics of the dissertation's table 2.2 and section 2.3.8, each with where its figure comes from.

What shapes alone tell is counted; what a model tells is labelled so, with the source of its coefficients; what needs a
run or a board names it instead of being guessed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hwcodesign.analyze import energy
from hwcodesign.analyze.costs import TRAINING_FACTOR, Costs
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder, Summary
from hwcodesign.core.tasks import task_in, told

Origin = Literal["counted", "model", "measurement", "needs"]


@dataclass(frozen=True)
class Metric:
    """`value` in words and units, or what is needed to know it (origin "needs")."""

    name: str
    value: str
    origin: Origin


def metrics(total: Costs, batch: int, recipe: str | None = None, runs: Path = Path("runs")) -> list[Metric]:
    """All metrics of a network; `recipe` names the run folder in `runs` whose measurements count, `batch` is images."""
    run = RunFolder(runs / recipe) if recipe else None
    return [
        _accuracy(run),
        Metric("quantity of computation", f"{si(total.operations)} operations forward, {si(total.training_operations)} "
               f"operations forward and backward ({TRAINING_FACTOR}x), per image", "counted"),
        *_frame_rate(run),
        _training_time(run),
        Metric("power", "a board, with a power meter on its supply", "needs"),
        *_energy(total),
        Metric("model size", f"{size(total.parameter_bytes)}: {total.parameters:,} parameters", "counted"),
        Metric("memory footprint", f"{size(total.parameter_bytes + total.peak_bytes)}: the parameters, and "
               f"{size(total.peak_bytes)} for the largest layer's inputs and outputs", "counted"),
        Metric("quantity of activations", f"{si(total.activations)} values, {size(total.activation_bytes)}, per image",
               "counted"),
        *_communication(total, batch),
    ]  # fmt: skip


def si(number: float, unit: str = "") -> str:
    """A number to three digits with its SI prefix: 1.2345e7 is "12.3 M", with the unit B "12.3 MB"."""
    if number == 0:
        return f"0 {unit}".strip()
    scales = ((12, "T"), (9, "G"), (6, "M"), (3, "k"), (0, ""), (-3, "m"), (-6, "µ"), (-9, "n"))
    fitting = (scale for scale in scales if number >= 0.9995 * 10.0 ** scale[0])
    exponent, prefix = next(fitting, scales[-1])
    scaled = number / 10.0**exponent
    digits = f"{scaled:#.3g}".rstrip(".") if scaled < 999.5 else f"{scaled:.0f}"
    return f"{digits} {prefix}{unit}".strip()


def size(bytes_: float) -> str:
    """A number of bytes to three digits: "140 kB"; less than one in bits."""
    return f"{round(8 * bytes_)} bit" if 0 < bytes_ < 1 else si(bytes_, "B")


def _accuracy(run: RunFolder | None) -> Metric:
    """From the reference.json that export writes."""
    try:
        reference = json.loads((run.stage("export") / "reference.json").read_text()) if run else None
    except (OSError, ValueError):
        reference = None
    task = task_in(reference if isinstance(reference, dict) else {})
    title, needed_keys = task.test[0].title, {"images", "dataset", "split", "device", task.test[0].key}
    if not isinstance(reference, dict) or not needed_keys <= reference.keys():
        needed = f"hwcodesign run {run.path.name} --to export" if run else "a recipe that trains it"
        return Metric(title, f"not measured: {needed}", "needs")
    where = f"{reference['images']:,} images of {reference['dataset']} ({reference['split']}), {reference['device']}"
    return Metric(title, f"{told(task, reference)} of {where}", "measurement")


def _frame_rate(run: RunFolder | None) -> Iterator[Metric]:
    planned, simulated = _summary(run, "plan"), _summary(run, "simulate")
    if planned is None:
        needed = f"hwcodesign check {run.path.name}" if run else "a recipe with a board, for hwcodesign check"
        yield Metric("frame rate", f"a plan for a board: {needed}", "needs")
        return
    clock_mhz = planned["clock_mhz"]
    yield Metric("frame rate", f"{planned['planned_frame_rate']:,.0f} frames/s planned on {planned['board']} at "
                 f"{clock_mhz:g} MHz", "model")  # fmt: skip
    if simulated and simulated["cycles_per_frame"]:
        rate = clock_mhz * 1e6 / simulated["cycles_per_frame"]
        cycles = simulated["cycles_per_frame"]
        yield Metric("frame rate", f"{rate:,.0f} frames/s: {cycles:,.0f} cycles per frame in RTL simulation, at the "
                     f"planned {clock_mhz:g} MHz", "measurement")  # fmt: skip


def _training_time(run: RunFolder | None) -> Metric:
    trained = _summary(run, "train")
    if trained is None:
        return Metric(
            "training time", f"a training run: hwcodesign train {run.path.name if run else 'RECIPE'}", "needs"
        )
    return Metric("training time", f"{trained['seconds']:,.0f} s", "measurement")


def _energy(total: Costs) -> Iterator[Metric]:
    arithmetic = f"{energy.mac_pj(total):g} pJ {'an 8-bit' if total.quantized else 'a 32-bit float'}"
    yield Metric("energy per frame", f"{si(energy.arithmetic_joule(total), 'J')} for arithmetic, at {arithmetic} "
                 f"multiply-accumulate ({energy.SOURCE})", "model")  # fmt: skip
    for where, pj_per_byte in (("on-chip SRAM", energy.SRAM_PJ_PER_BYTE), ("DRAM", energy.DRAM_PJ_PER_BYTE)):
        yield Metric("energy per frame", f"{si(energy.memory_joule(total, pj_per_byte), 'J')} to read parameters once, "
                     f"and write and read activations once, in {where}, at {pj_per_byte:g} pJ/B ({energy.SOURCE})",
                     "model")  # fmt: skip
    yield Metric("energy per frame", "a board, with a power meter on its supply", "needs")


def _communication(total: Costs, batch: int) -> Iterator[Metric]:
    """Between the workers of one training step, in 32-bit floats (chapter 3)."""
    parameters, activations = 4 * total.parameters, 4 * total.activations * batch
    yield Metric("quantity of communication", f"data parallel: {size(parameters)} of parameters to every worker, and "
                 f"{size(parameters)} of their gradients back, per batch of {batch}", "counted")  # fmt: skip
    yield Metric("quantity of communication", f"model parallel: {size(activations)} of activations, and as much of "
                 f"their gradients, per batch of {batch}", "counted")  # fmt: skip


def _summary(run: RunFolder | None, stage: str) -> Summary | None:
    try:
        return run.summary(stage) if run else None
    except UserError:
        return None
