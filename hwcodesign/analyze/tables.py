"""Analyses as tables for a terminal, and as JSON."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from hwcodesign.analyze.costs import Costs, LayerCost
from hwcodesign.analyze.lint import RULES, Finding
from hwcodesign.analyze.metrics import Metric, si, size
from hwcodesign.analyze.scaling import WAYS, Scaling

if TYPE_CHECKING:
    from hwcodesign.analyze.what_if import WhatIf


def dims(shape: Iterable[int]) -> str:
    """55x55x96."""
    return "x".join(map(str, shape))


def costs_table(total: Costs) -> Table:
    """A row for every layer, and their sum. Operations are forward; in training, backward comes on top (3x)."""
    table = _table(f"{total.title}: input {dims(total.in_shape)}, per image", "layer", "", "output")
    for heading in ("parameters", "bytes", "activations", "bytes", "operations", "training"):
        table.add_column(heading, justify="right")
    for layer in total.layers:
        table.add_row(
            escape(layer.name), f"{layer.window} {layer.kind}".strip(), dims(layer.out_shape), *_figures(layer)
        )
    table.add_section()
    table.add_row("total", "", "", *_figures(total), style="bold")
    return table


def _figures(item: LayerCost | Costs) -> tuple[str, ...]:
    training = item.training_operations
    return (
        f"{item.parameters:,}" if item.parameters else "",
        size(item.parameter_bytes) if item.parameters else "",
        f"{item.activations:,}" if item.activations else "",
        size(item.activation_bytes) if item.activations else "",
        si(item.operations) if item.operations else "",
        si(training) if training else "",
    )


def what_if_table(result: "WhatIf") -> Table:
    """Every layer before and after, with the ratios; layers that do not change at all are grey."""
    table = _table(result.after.title, "layer", "output before", "output after")
    for heading in ("activations", "parameters", "operations"):
        table.add_column(heading, justify="right")
    for before, after in result.pairs:
        layer = after or before
        assert layer is not None
        shapes = (dims(part.out_shape) if part else "-" for part in (before, after))
        table.add_row(escape(layer.name), *shapes, *_ratios(before, after), style="dim" if before == after else None)
    table.add_section()
    table.add_row("total", "", "", *_ratios(result.before, result.after), style="bold")
    return table


def _ratios(before: LayerCost | Costs | None, after: LayerCost | Costs | None) -> list[str]:
    """After over before, with what it is then."""
    texts = []
    for name in ("activations", "parameters", "operations"):
        old, new = getattr(before, name, 0), getattr(after, name, 0)
        factor = f"{new / old:.3g}x" if old else ("new" if new else "")
        texts.append(f"{factor} ({si(new)})" if old or new else "")
    return texts


def verdict(result: "WhatIf") -> str:
    """In one sentence, whether the change is local."""
    if not result.beyond:
        return "local: nothing beyond the changed layers and those next to them gets other dimensions"
    more = f" and {len(result.beyond) - 3} more" if len(result.beyond) > 3 else ""
    return f"global: the dimensions of {', '.join(result.beyond[:3])}{more} change, too"


def metrics_table(metrics: Iterable[Metric]) -> Table:
    """One row for every figure, with where it comes from."""
    table = _table("metrics", "metric", "figure", "origin")
    colours = {"needs": "yellow", "model": "cyan", "measurement": "green", "counted": ""}
    for metric in metrics:
        table.add_row(metric.name, metric.value, metric.origin, style=colours[metric.origin])
    return table


def lint_table(findings: list[Finding], rules: Iterable[int]) -> Table:
    """The findings by rule; a rule in `rules` without any is kept."""
    table = _table("is it FPGA-friendly? ZynqNet's four rules", "rule", "layer", "finding", "gain", "price")
    for rule in sorted(rules):
        broken = [finding for finding in findings if finding.rule == rule]
        table.add_row(f"{rule}", "", RULES[rule], "" if broken else "kept", style="yellow" if broken else "green")
        for finding in broken:
            table.add_row("", escape(finding.layer), escape(finding.finding), finding.gain, finding.price)
    return table


def costs_json(total: Costs) -> dict[str, Any]:
    """`layers` and `total`, per image; operations are forward only, bytes at the given precision."""
    return {
        "network": total.title,
        "input": list(total.in_shape),
        "layers": [
            {"name": layer.name, "kind": layer.kind, "inputs": [list(shape) for shape in layer.in_shapes],
             "output": list(layer.out_shape), "window": layer.window, **_numbers(layer)}
            for layer in total.layers
        ],
        "total": _numbers(total),
    }  # fmt: skip


def what_if_json(result: "WhatIf") -> dict[str, Any]:
    """`before` and `after` as `costs_json`, `ratios` of the totals, the `verdict` and the layers `beyond`."""
    ratios = {
        name: getattr(result.after, name) / getattr(result.before, name)
        for name in ("parameters", "operations", "activations")
    }
    return {"before": costs_json(result.before), "after": costs_json(result.after), "ratios": ratios,
            "verdict": result.verdict, "beyond": list(result.beyond)}  # fmt: skip


def scaling_table(result: Scaling) -> Table:
    """A row for every number of workers: times of one step, and speed-ups over one worker."""
    title = (
        f"{result.title}: training steps of {result.batch:,} images, {size(result.gradient_bytes)} of gradients\n"
        f"{result.images_per_second:,.0f} images/s a worker, {size(result.bandwidth)}/s a link"
    )
    table = _table(title)
    for heading in ("workers", "images each", "compute", "server", "tree", "ring"):
        table.add_column(heading, justify="right")
    for way in WAYS:
        table.add_column(f"x {way}", justify="right")
    for step in result.steps:
        times = (si(value, "s") for value in (step.compute, step.server, step.tree, step.ring))
        speedups = (f"{result.speedup(step, way):.1f}" for way in WAYS)
        table.add_row(str(step.workers), str(step.images_each), *times, *speedups)
    return table


def firecaffe_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """FireCaffe's printed speed-ups beside the model's."""
    table = _table("FireCaffe's measurements beside equation 3.4 (one bandwidth fitted for each network)", "network")
    for heading in ("workers", "batch", "printed", "model"):
        table.add_column(heading, justify="right")
    table.add_column("", overflow="fold")
    for row in rows:
        speedups = (f"{row['printed']:g}x", f"{row['model']:.1f}x")
        table.add_row(row["network"], str(row["workers"]), str(row["batch"]), *speedups, row["why"])
    return table


def scaling_json(result: Scaling) -> dict[str, Any]:
    """The scaling's settings, and `steps`: times in seconds and `speedup` by way of communicating."""
    settings = {key: value for key, value in vars(result).items() if key != "steps"}
    steps = [vars(step) | {"speedup": {way: result.speedup(step, way) for way in WAYS}} for step in result.steps]
    return settings | {"steps": steps}


def _numbers(item: LayerCost | Costs) -> dict[str, float]:
    names = ("parameters", "operations", "training_operations", "activations", "parameter_bytes", "activation_bytes")
    return {name: getattr(item, name) for name in names}


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
