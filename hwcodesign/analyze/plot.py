"""A picture of a network's costs: parameters, activations and operations, layer by layer."""

from pathlib import Path

from hwcodesign.analyze.costs import Costs
from hwcodesign.core.errors import UserError

_FORMATS = (".png", ".svg", ".pdf")


def save_plot(total: Costs, path: Path) -> None:
    """Write bar charts of `total` to `path`; its suffix says which format.

    Raises UserError for another suffix, or if matplotlib is not installed.
    """
    if path.suffix not in _FORMATS:
        raise UserError(f"--plot {path}: the name must end in {', '.join(_FORMATS)}")
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import EngFormatter
    except ImportError:
        raise UserError("--plot needs matplotlib, which is not installed: pip install 'hwcodesign[analyze]'") from None
    layers = [layer for layer in total.layers if layer.operations]
    names = [layer.name for layer in layers]
    figure = Figure(figsize=(max(6.0, 0.22 * len(layers) + 2), 7.5), layout="constrained")
    for axes, what in zip(figure.subplots(3, sharex=True), ("parameters", "activations", "operations"), strict=True):
        axes.bar(range(len(layers)), [getattr(layer, what) for layer in layers], color="#4a6fa5")
        axes.set_ylabel(what)
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_xticks(range(len(layers)), names, rotation=90, fontsize=7)
    figure.suptitle(f"{total.title}, per image: {total.parameters:,} parameters, {total.activations:,} activations, "
                    f"{total.operations:,} operations", fontsize=9)  # fmt: skip
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
