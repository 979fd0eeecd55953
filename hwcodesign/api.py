"""The Python interface: what the command line does, one function a step, on values in place of a run's folder.

    import hwcodesign as hw

    recipe = hw.load_recipe("digits-squeezenet")
    assert hw.check(recipe).fits
    model = hw.train(recipe, Path("work"))
    graph = hw.lower(model)
    planned = hw.plan(graph, "ulx3s-85f", frame_rate=10_000)
    found = hw.simulate(planned, frames)
    assert (found.scores == hw.scores(graph, frames)).all()

Nothing is written but into a folder that is given; train and quantize show their progress. All raise UserError for bad
input. Heavy packages are imported by the function that needs them.
"""

import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwcodesign.recipe import HardwareTable, Recipe, load_recipe

if TYPE_CHECKING:
    from hwcodesign.check.check import CheckReport
    from hwcodesign.dataflow import Dataflow
    from hwcodesign.plan.plan import Plan

__all__ = [
    "Simulated",
    "check",
    "load_recipe",
    "lower",
    "plan",
    "quantize",
    "report",
    "scores",
    "simulate",
    "train",
]


@dataclass(frozen=True)
class Simulated:
    """What the hardware did: `scores` (frames, classes) int64, the cycles of one frame in the steady state (None below
    four frames), and those from a frame's first pixel to its last score.
    """

    scores: np.ndarray
    cycles_per_frame: float | None
    latency_cycles: int


def check(recipe: Recipe) -> "CheckReport":
    """Whether the recipe's network fits its board, before any training: `.fits`, `.verdict()`, `.document()`.

    Takes a second, and neither torch nor FINN.
    """
    from hwcodesign.check.check import check_recipe

    return check_recipe(recipe)


def train(recipe: Recipe, folder: Path, data: Path | None = None, device: str = "auto") -> Path:
    """Train the recipe's network and export it into `folder`; the path of model.onnx (QONNX).

    Beside it lie reference.json (accuracy on the held-out images) and reference.npz (those images, and every score). A
    training that was interrupted goes on. `data` is the folder with the images, None for the digits; `device` auto,
    cpu, cuda, cuda:1.
    """
    from hwcodesign.training.loop import train as fit

    fit(recipe, data, folder / "training", device)
    return _exported(recipe, folder, data)


def quantize(
    recipe: Recipe, weights: Path, folder: Path, data: Path | None = None, calibration: Path | None = None
) -> Path:
    """Float `weights` (.pt, .safetensors, ncnn, Deep Compression) to the recipe's integers, without training.

    `calibration` is a folder of unlabelled images, None for the data set's own. Returns and leaves what `train` does.
    """
    from hwcodesign.job import QuantizeRequest
    from hwcodesign.quantize.from_weights import run, with_stored_scales

    recipe = with_stored_scales(recipe)
    (folder / "training").mkdir(parents=True, exist_ok=True)
    run(recipe, QuantizeRequest(weights, calibration), data, folder / "training")
    return _exported(recipe, folder, data)


def _exported(recipe: Recipe, folder: Path, data: Path | None) -> Path:
    from hwcodesign.export.qonnx import export

    return export(recipe, folder / "training" / "best.pt", folder, data).model


def lower(model: Path, input_scale: float | None = None) -> "Dataflow":
    """The graph of integer hardware layers that a quantized ONNX file means, in exact arithmetic.

    The host sends uint8; `input_scale` is the real value of one step of it (None: what the file says). Raises one
    UserError that lists every layer which has no hardware.
    """
    from hwcodesign.lower import PIXEL, understand

    return understand(model, PIXEL, input_scale)[1]


def scores(graph: "Dataflow", frames: np.ndarray) -> np.ndarray:
    """The integer scores (frames, classes) that the hardware must give of uint8 `frames` (frames, H, W, C)."""
    from hwcodesign.graph import interpreter
    from hwcodesign.verify.images import Images

    checked = Images.checked(frames, graph, "the array of frames")
    return interpreter.run(graph, checked.frames)[:, : graph.score_count]


def plan(graph: "Dataflow", board: str, **wishes: Any) -> "Plan":
    """Foldings, FIFO depths and memories of a graph on a board.

    `wishes` are keys of a recipe's [hardware] table: clock_mhz, frame_rate, exact, load_weights, fold, at_most. The
    plan may need more than the board has: `check` a recipe, or ask `planned.total.over(board)`.
    """
    from hwcodesign.core.strict_toml import validated
    from hwcodesign.plan.buffer_sizing import shrunk
    from hwcodesign.plan.planner import plan as planned_for

    hardware = validated(HardwareTable, {"board": board, **wishes}, "plan")
    where = hardware.load_board()
    return shrunk(planned_for(graph, where, **hardware.wishes()), where)


def simulate(planned: "Plan", frames: np.ndarray, folder: Path | None = None) -> Simulated:
    """Emit the planned design, and run uint8 `frames` (frames, H, W, C) through its RTL in Verilator.

    SystemVerilog, memory images and logs are kept in `folder`, if one is given. Raises VerificationError if the design
    breaks the rules of its streams or stands still; scores are for the caller to compare.
    """
    from hwcodesign.emit.top_level import emit
    from hwcodesign.simulate import network
    from hwcodesign.simulate.simulator import require_tools
    from hwcodesign.verify.images import Images
    from hwcodesign.verify.proofs import quiet_cycles

    require_tools()
    design = planned.design
    checked = Images.checked(frames, design, "the array of frames").frames
    with tempfile.TemporaryDirectory() if folder is None else nullcontext(str(folder)) as place:
        emitted, work = Path(place) / "emit", Path(place) / "simulate"
        emitted.mkdir(parents=True, exist_ok=True)
        emit(design, planned.foldings, planned.storage, emitted)
        built = network.build(emitted, work, cycles=len(checked) * planned.cycles_per_frame)
        measured = network.simulate(built, emitted, checked, design.input.type, quiet_cycles(planned))
        network.tidy(built)
    return Simulated(
        measured.results.values[:, : design.score_count], measured.cycles_per_frame, measured.latency_cycles
    )


def report(run: Path) -> Mapping[str, Any]:
    """report.json of a run's folder as the command line leaves it (hwcodesign/flow/report.py has its keys)."""
    import json

    from hwcodesign.core.run_folder import existing_run
    from hwcodesign.flow.report import ReportDocument

    path = existing_run(str(run), run.parent).path / "report.json"
    ReportDocument.read(path)
    found: dict[str, Any] = json.loads(path.read_text())
    return found
