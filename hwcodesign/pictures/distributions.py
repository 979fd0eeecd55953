"""How weights and activations use their quantization levels, layer by layer.

Bars count what the hardware holds, in integers. Where the run was trained here, the curve is what training holds before
rounding, in steps of the quantizer (value / scale), and dashed lines are the ends of the range, where it clips.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.dataflow import Dataflow, IntType
from hwcodesign.kinds import kind_of
from hwcodesign.verify.images import Images
from hwcodesign.verify.ladder import IntegerGraph

if TYPE_CHECKING:
    from hwcodesign.export.checkpoint_network import TrainedNetwork

IMAGES = 32  # whose activations are counted
_COLUMNS = 4
_BINS_A_STEP = 2

Values = Mapping[str, np.ndarray]


def draw_weights(run: RunFolder, path: Path) -> bool:
    """Every matrix of the lowered graph."""
    graph = Dataflow.load(run.stage("lower"))
    counted = ((layer.name, kind_of(layer.kind).histogram(layer)) for layer in graph.layers)
    found = {name: histogram for name, histogram in counted if histogram is not None}
    levels, types = {name: values for name, (values, _) in found.items()}, {name: of for name, (_, of) in found.items()}
    before = trained.weights_in_steps() if (trained := _trained(run)) else {}
    _draw(levels, types, before, f"{run.path.name}: weights", path)
    return True


def draw_activations(run: RunFolder, path: Path) -> bool:
    """Every quantizer's output on a sample of the reference's images."""
    graph = Dataflow.load(run.stage("lower"))
    frames = Images.held_out(run.stage("export") / "reference.npz").sample(IMAGES).frames
    integers = IntegerGraph(graph)
    by_frame = [integers.levels(frame) for frame in frames]
    levels = {name: np.stack([found[name] for found in by_frame]) for name in by_frame[0]}
    types = {layer.name.removesuffix(".quantizer"): layer.output.type for layer in graph.layers}
    before = trained.activations_in_steps(frames) if (trained := _trained(run)) else {}
    _draw(levels, types, before, f"{run.path.name}: activations of {len(frames)} images", path)
    return True


def _draw(levels: Values, types: Mapping[str, IntType], before: Values, title: str, path: Path) -> None:
    rows = -(-len(levels) // _COLUMNS)
    figure = Figure(figsize=(3 * _COLUMNS, 1.9 * rows + 0.6), layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes in grid[len(levels) :]:
        axes.set_axis_off()
    for axes, (name, values) in zip(grid, levels.items(), strict=False):
        _draw_layer(axes, values, types[name], before.get(name))
        axes.set_title(f"{name} ({types[name]})", fontsize=8)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=110)


def _draw_layer(axes: Axes, levels: np.ndarray, int_type: IntType, before: np.ndarray | None) -> None:
    """Shares of all values: a bar for each level, and the density before rounding, a step being 1 wide."""
    used, counts = np.unique(levels, return_counts=True)
    axes.bar(used, counts / levels.size, width=0.8, color="#9db8d9")
    low, high = (-int_type.max if int_type.signed else 0), int_type.max  # weights are symmetric
    if before is not None:
        edges = np.arange(low - 1.5, high + 1.5 + 1 / _BINS_A_STEP, 1 / _BINS_A_STEP)
        shares, _ = np.histogram(before, edges)
        axes.stairs(_BINS_A_STEP * shares / before.size, edges, color="#b5482a", linewidth=0.8)
        for end in (low, high):
            axes.axvline(end, color="grey", linestyle="--", linewidth=0.6)
    unused = set(range(low, high + 1)) - set(used.tolist())
    axes.plot(sorted(unused), [0] * len(unused), "|", color="black", markersize=4)
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_ylim(0, 1.15 * counts.max() / levels.size)


def _trained(run: RunFolder) -> "TrainedNetwork | None":
    if not run.finished("train"):
        return None
    from hwcodesign.export.checkpoint_network import TrainedNetwork

    return TrainedNetwork(run.stage("train") / "best.pt")
