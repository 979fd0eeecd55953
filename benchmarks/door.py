"""How far networks from elsewhere come: a table of model, furthest stage, and equality with the model's own file.

    python -m benchmarks.door [MODEL ...]

Each of `networks/published.py` is written by the tools that its users have, lowered, and compared with QONNX's executor
(and in float64, where float32 rounds otherwise), then planned, emitted and simulated in Verilator on random inputs.
Results go to benchmarks/door.json as they come; without names, the models that are not yet through RTL there are run.
"""

import json
import sys
import tempfile
import time
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.history import commit, record
from benchmarks.networks.exactness import Result, compared, is_right, simulated
from benchmarks.networks.published import Model, models
from hwcodesign.core.errors import UserError

RESULTS = Path(__file__).with_suffix(".json")
BOARD = "zcu104"
STAGES = ("file", "lower", "integers", "RTL")


def main() -> None:
    """Run what is asked for, and print the table."""
    warnings.filterwarnings("ignore")
    kept: dict[str, Result] = json.loads(RESULTS.read_text())["models"] if RESULTS.exists() else {}
    every = models()
    for name in sys.argv[1:] or [name for name in every if kept.get(name, {}).get("stage") != "RTL"]:
        print(name, "...", flush=True)
        kept[name] = _tried(name, every[name]) | {"commit": commit()}
        document = {"date": date.today().isoformat(), "models": {n: kept[n] for n in every if n in kept}}
        RESULTS.write_text(json.dumps(document, indent=1) + "\n")
    Console(width=150).print(_table(kept))
    record("door", _figures(kept))


def _figures(kept: dict[str, Result]) -> dict[str, float]:
    """How many models there are, how many came as far as each stage, and how many are wrong."""
    reached = {f"as far as {stage}": sum(STAGES.index(r["stage"]) >= i for r in kept.values() if r["stage"] in STAGES)
               for i, stage in enumerate(STAGES)}  # fmt: skip
    wrong = sum(bool(r.get("differing_frames")) or not is_right(r.get("rtl", {})) for r in kept.values())
    return {"models": len(kept), **reached, "wrong": wrong}


def _tried(name: str, model: Model) -> Result:
    """The furthest stage whose result is right, and what was found on the way."""
    start, result = time.monotonic(), Result(stage="none")
    with tempfile.TemporaryDirectory() as folder:
        try:
            _climb(name, model, Path(folder), result)
        except UserError as error:
            result["message"] = str(error).replace(folder, "")
        except Exception as error:  # a crash is a result, too
            result["message"] = f"{type(error).__name__}: {error}"[:500]
    return result | {"seconds": round(time.monotonic() - start, 1)}


def _climb(name: str, model: Model, folder: Path, result: Result) -> None:
    from hwcodesign.lower import lower

    file = folder / "model.onnx"
    model.write(file)
    result["stage"] = "file"
    graph = lower(file, folder, model.input_type, model.input_scale).dataflow
    kinds = {layer.kind for layer in graph.layers}
    result |= {"stage": "lower", "layers": len(graph.layers), "kinds": sorted(kinds)}
    kind = model.input_type
    frames = np.random.default_rng(len(name)).integers(kind.min, kind.max + 1, (model.frames, *graph.input.shape))
    result |= compared(graph, file, frames, folder)
    if result["differing_frames"]:
        return
    result["stage"] = "integers"
    result["rtl"] = simulated(graph, frames, BOARD, model.frame_rate, folder)
    if is_right(result["rtl"]):
        result["stage"] = "RTL"


def _table(kept: dict[str, Any]) -> Table:
    table = Table("model", "furthest stage", "frames", "other scores", "RTL: other scores", "s", "message")
    for name, found in kept.items():
        rtl = found.get("rtl", {})
        cells = (found.get("differing_frames", "-"), rtl.get("mismatches", "-"), round(found["seconds"]))
        message = " ".join(found.get("message", "").split())[:200]
        table.add_row(name, found["stage"], str(rtl.get("images", "-")), *map(str, cells), message)
    return table


if __name__ == "__main__":
    main()
