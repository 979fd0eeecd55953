"""report.json and the table at the end of a run."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from hwcodesign.core.document import Document, reading
from hwcodesign.core.run_folder import RunFolder, write_whole
from hwcodesign.core.tasks import task_in, told
from hwcodesign.flow.stages import STAGE_NAMES
from hwcodesign.verify.chain import proven_by

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

Report = dict[str, dict[str, Any]]


_PART: Any = Field(default_factory=dict)


class ReportDocument(Document):
    """report.json: what every stage of a run found.

    A documented interface. Beside `format` and `version`, its top-level keys are the stages that have run (train,
    export, lower, plan, check, emit, simulate, bitstream), each with what it reported and its `seconds`, `reference`
    (the exported reference.json), `ladder` (verify/ladder.json, after `hwcodesign verify`) and `pictures` (`files` in
    the run folder, after `hwcodesign pictures`). Among them: `reference.top1` (null for random weights), `top5` beside
    it where the recipe asks for that, other tasks' figures in their place; `reference.images`, `reference.weights`;
    `lower.mismatches` (integer graph against exported network), `lower.threshold_bits` and `lower.threshold_table_bits`
    (as they are stored, and if all were tables); `export.scored_images` (of trained files that came with the recipe, of
    how many of the images their scores came along: 0 without the data set); `plan.cycles_per_frame`,
    `plan.latency_cycles`, `plan.resources` (the network's), `plan.link` (link and clock), `plan.buffers` (whether the
    FIFOs and line buffers are the smallest);
    `check.fits`, `check.used` (network and link) and `check.link`, `check.rates` (frames per second: `core`, `link`,
    `user`); `simulate.images`, `simulate.extremes` (frames of our own choice), `simulate.mismatches` (of all frames in
    all regimes), `simulate.regimes` (of each the `regime` by name, its `frames`, `mismatches` and `resets`),
    `simulate.failure` (in words, where hardware failed the proof), `simulate.top1`, `simulate.cycles_per_frame`
    (measured), `simulate.cycles_bound` (planned), `simulate.latency_cycles`, `simulate.latency_predicted`,
    `simulate.build_seconds`, `simulate.cycles`, `simulate.cycles_per_second`, `simulate.utilisation` (of every `layer`:
    its `cycles` of work a frame, and the share of the time that it works, `planned` and `measured`; empty below four
    frames); `bitstream.fmax_mhz` (reached) and `bitstream.clock_mhz` (planned), `bitstream.timing_met`,
    `bitstream.sha256`, and for every resource `bitstream.resources.NAME`: `used` after place and route, `network` of it
    (without link, clock and reset), `planned` for the network, `link_planned` for the rest, `available`. For AMD's
    boards and for FINN `bitstream.state` says in words what there is: without the vendor's tools a project, and no
    `bitstream.bitstream`. All figures are of one network: `left_out` names the stages that were made from other results
    of the stages before them.
    """

    FORMAT = "hwcodesign report"
    REMEDY = "every run of a stage writes it anew, such as hwcodesign run"

    train: dict[str, Any] = _PART
    export: dict[str, Any] = _PART
    lower: dict[str, Any] = _PART
    plan: dict[str, Any] = _PART
    check: dict[str, Any] = _PART
    emit: dict[str, Any] = _PART
    simulate: dict[str, Any] = _PART
    bitstream: dict[str, Any] = _PART
    pictures: dict[str, Any] = _PART
    reference: dict[str, Any] = _PART
    ladder: dict[str, Any] = _PART
    left_out: dict[str, str] = _PART


def write_report(run: RunFolder) -> Report:
    """Gather the stages' summaries into report.json in the run folder.

    A stage that was made from another network or plan than lies there now is left out, and named in `left_out`. Raises
    UserError if a file is damaged.
    """
    finished = [name for name in (*STAGE_NAMES, "pictures") if run.finished(name)]
    outdated = run.outdated(finished)
    report: Report = {name: run.summary(name) for name in finished if name not in outdated}
    reference = run.stage("export") / "reference.json"
    if "export" in report and reference.exists():
        report["reference"] = _read(reference)
    ladder = run.stage("verify") / "ladder.json"
    if ladder.exists():
        report["ladder"] = _read(ladder)
        if report["ladder"].get("of") != proven_by(run):
            outdated.append("ladder")
            del report["ladder"]
    if outdated:
        report["left_out"] = dict.fromkeys(outdated, "made from other results of the stages before it")
    header = {"format": ReportDocument.FORMAT, "version": ReportDocument.VERSION}
    write_whole(run.path / "report.json", json.dumps({**header, **report}, indent=1) + "\n")
    return report


def of_stages(report: Report, stages: Iterable[str]) -> Report:
    """What a report says of these stages alone, and of what they have measured."""
    kept = set(stages)
    kept |= {"reference"} if "export" in kept else set()
    return {key: value for key, value in report.items() if key in kept}


def _read(path: Path) -> dict[str, Any]:
    with reading(path):
        found: dict[str, Any] = dict(json.loads(path.read_text()))
        return found


def report_table(report: Report, title: str) -> "Group":
    """The run in a few lines for a terminal, and every layer's utilisation."""
    from rich.console import Group
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    for what, value in _rows(report):
        table.add_row(f"[bold]{what}[/]", value)
    layers = report.get("simulate", {}).get("utilisation")
    return Group(table, _utilisation(layers)) if layers else Group(table)


def _utilisation(layers: list[dict[str, Any]]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="How much of the time each layer works", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("layer", overflow="fold")
    for heading in ("cycles a frame", "planned", "in RTL"):
        table.add_column(heading, justify="right")
    for layer in layers:
        shares = (f"{100 * layer[key]:.3f} %" for key in ("planned", "measured"))
        style = "red" if layer["measured"] != layer["planned"] else ""
        table.add_row(escape(layer["layer"]), f"{layer['cycles']:,}", *shares, style=style)
    return table


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    from rich.markup import escape

    if reference := report.get("reference"):
        yield "reference", _reference(reference) + of_known_scores(report)
    if lowered := report.get("lower"):
        yield "lowered", f"{lowered['layers']} hardware layers{_agreement(lowered, 'the exported network')}"
        if lowered.get("quantizers"):
            yield "thresholds", _thresholds(lowered)
    if plan := report.get("plan"):
        rate = f"{plan['planned_frame_rate']:,.0f} frames per second at {plan['clock_mhz']:g} MHz"
        yield "plan", f"{plan['cycles_per_frame']:,} cycles per frame ({escape(plan['slowest'])}), {rate}"
        yield "buffers", plan["buffers"]
    if check := report.get("check"):
        yield "board", f"{'fits' if check['fits'] else 'DOES NOT FIT'} {check['board']}: {_usage(check)}"
        if (rates := check.get("rates")) and rates["link"] is not None and rates["link"] < rates["core"]:
            yield "over the link", f"{rates['user']:,.1f} frames per second for a user; {rates['advice']}"
    if simulated := report.get("simulate"):
        yield "simulated", _simulated(simulated)
        for regime in simulated.get("regimes", ()):
            yield "", _regime(regime)
        task = task_in(report.get("reference", {}))
        if (figures := told(task, simulated)) is not None:
            yield f"{task.test[0].title} in RTL", figures
        if "latency_cycles" in simulated:  # not of a design that stands still
            yield "cycles per frame", _beside(simulated["cycles_per_frame"], simulated["cycles_bound"], "bound")
            yield (
                "latency",
                _beside(simulated["latency_cycles"], simulated["latency_predicted"], "predicted") + " cycles",
            )
            yield "simulation", f"{simulated['cycles_per_second']:,} cycles per second"
    if built := report.get("bitstream"):
        yield from _bitstream(built)
    if outdated := report.get("left_out"):
        yield "left out", f"[yellow]{', '.join(outdated)}[/]: made from other results of the stages before"


def _simulated(simulated: dict[str, Any]) -> str:
    """All that was compared, in all regimes together, and how many differ."""
    from rich.markup import escape

    extremes = f" and {simulated['extremes']} extreme frames" if simulated.get("extremes") else ""
    what = f"{simulated['images']} {escape(simulated['origin'])}{extremes}"
    frames = sum(regime["frames"] for regime in simulated.get("regimes", ())) or simulated["images"]
    compared = {**simulated, "images": frames}
    failed = "; [red]it failed[/]" if simulated.get("failure") else ""
    return f"{what}{_agreement(compared, 'the reference')}{failed}"


def _regime(regime: dict[str, Any]) -> str:
    resets = f" after {regime['resets']} resets" if regime.get("resets") else ""
    colour = "red" if regime["mismatches"] else "green"
    return f"{regime['regime']}: {regime['frames']} frames{resets}, [{colour}]{regime['mismatches']} differ[/]"


def _bitstream(built: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What there is of a bitstream: of a project that no tool has built, less."""
    from rich.markup import escape

    if state := built.get("state"):
        yield "bitstream", escape(state)
    if built.get("bitstream"):
        yield "bitstream", f"{built['bitstream']} for {built['part']}, {built['bytes']:,} bytes"
        colour = "green" if built["timing_met"] else "red"
        yield "clock", f"[{colour}]{built['fmax_mhz']:g} MHz reached[/], {built['clock_mhz']:g} MHz planned"
    if resources := built.get("resources"):
        yield "on the chip", _placed(resources) + (f"\n({built['counted_by']})" if "counted_by" in built else "")
    if "warnings" in built:
        yield "warnings", _warnings(built["warnings"])
    if host := built.get("host"):
        yield "host", escape(host)


def _reference(reference: dict[str, Any]) -> str:
    count, split = reference["images"], reference["split"]
    task = task_in(reference)
    if (figures := told(task, reference)) is None:
        return f"{reference['weights']}: {count} {split} images, no {task.test[0].title}"
    flips = f"; float32 rounds an activation differently in {reference['float32_differs']} of them"
    return f"{figures} of {count} {split} images of {reference['dataset']}{flips}"


def of_known_scores(report: Report) -> str:
    """Of how many of the measured images the scores are known, where these came with the recipe, and not all of them.

    What lowering and hardware give is compared with these alone.
    """
    scored, measured = report.get("export", {}).get("scored_images"), report["reference"]["images"]
    return f"; the scores of {scored:,} of them came with the recipe" if scored and scored < measured else ""


def _thresholds(lowered: dict[str, Any]) -> str:
    stored = f"{lowered['uniform_quantizers']} of {lowered['quantizers']} quantizers stored as base and step (exact)"
    return f"{stored}: {lowered['threshold_bits']:,} bits in place of {lowered['threshold_table_bits']:,} in tables"


def _agreement(summary: dict[str, Any], other: str) -> str:
    if "mismatches" not in summary:
        return ""
    colour = "red" if summary["mismatches"] else "green"
    return f", [{colour}]{summary['mismatches']} of {summary['images']} images differ[/] from {other} in any score"


def _usage(check: dict[str, Any]) -> str:
    names = {"block_ram": check["block_ram_unit"], "lut": "LUT (estimate)", "ff": "FF (estimate)", "dsp": "DSP"}
    used, available = check["used"], check["available"]
    if check.get("loaded_bits"):
        names["large_ram"] = f"{check['large_ram_unit']} ({check['loaded_bits']:,} bits of weights are loaded)"
    return ", ".join(f"{used[key]:,} of {available[key]:,} {name}" for key, name in names.items())


def _placed(resources: dict[str, dict[str, int]]) -> str:
    rows = (
        f"{amount['used']:,} of {amount['available']:,} {name} (network {amount['network']:,}, "
        f"planned {amount['planned']:,}; the rest {amount['used'] - amount['network']:,}, "
        f"planned {amount['link_planned']:,})"
        for name, amount in resources.items()
    )
    return "\n".join(rows)


def _warnings(groups: list[dict[str, Any]]) -> str:
    count = sum(group["count"] for group in groups)
    return f"{count} of {len(groups)} sorts, see utilisation.json" if groups else "none"


def _beside(measured: float | None, planned: float, word: str) -> str:
    if measured is None:
        return f"{planned:,} {word} (too few frames to measure)"
    return f"{measured:,.1f} ({word} {planned:,}, ratio {measured / planned:.4f})"
