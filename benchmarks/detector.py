"""The recipe fashion-detector as it comes trained, on pictures pasted on canvases: how well it finds, how exactly.

    python -m benchmarks.data.pasted FASHION_MNIST FOLDER
    python -m benchmarks.detector FOLDER [--frames 8]

What `hwcodesign run fashion-detector --from lower --data FOLDER` does: every score of those test pictures whose scores
came with the recipe is compared between the integer graph and the trained network, and of --frames of them between RTL
and the integer graph. The mean average precision is that of the integers: of all test pictures as the export measured
it, of those compared as the graph gives it now. Writes detector.json and detector.png beside this file: found boxes in
red, true ones in green.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from benchmarks.history import record
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.core.terminal import console
from hwcodesign.flow.pipeline import run_job
from hwcodesign.job import Job
from hwcodesign.pictures import draw_pictures
from hwcodesign.recipe import load_recipe, shipped_with

HERE = Path(__file__).parent


def main() -> None:
    """Prove, count and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=8)
    options = parser.parse_args()
    recipe = load_recipe("fashion-detector")
    network = recipe.describe()
    with tempfile.TemporaryDirectory() as place:
        run = RunFolder(Path(place) / recipe.name)
        shipped = shipped_with("fashion-detector")
        job = Job(run, recipe.hardware, recipe, data_folder=options.folder, frames=options.frames, shipped=shipped)
        report = run_job(job, console(), first="lower")
        draw_pictures(run)
        shutil.copyfile(run.path / "pictures" / "detections.png", HERE / "detector.png")
    reference, lowered, simulated, plan = (report[name] for name in ("reference", "lower", "simulate", "plan"))
    result = {
        "mean_average_precision": round(reference["map50"], 4),
        "test_pictures": reference["images"],
        "pictures_compared": lowered["images"],
        "pictures_that_differ": lowered["mismatches"],
        "mean_average_precision_of_compared": round(lowered["map50"], 4),
        "parameters": sum(network.parameters(conv) for conv in network.convolutions),
        "training": reference["training"],
        "rtl": {
            "regimes": simulated["regimes"],
            **{
                key: simulated[key]
                for key in ("images", "extremes", "mismatches", "cycles_per_frame", "latency_cycles")
            },
            "cycles_planned": plan["cycles_per_frame"],
            "latency_planned": plan["latency_cycles"],
            "board": recipe.hardware.board,
            "frames_per_second_planned": round(plan["planned_frame_rate"], 1),
            **{name: report["check"]["used"][name] for name in ("lut", "ff", "block_ram", "dsp")},
        },
    }
    (HERE / "detector.json").write_text(json.dumps(result, indent=1) + "\n")
    record("detector", {"mean average precision at 0.5": result["mean_average_precision"]})
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
