"""How many points a second `hwcodesign explore` plans, and whether each is what `hwcodesign check` says of it.

    python -m benchmarks.explore_rate FOLDER [PROCESSES [STUDY.toml]]      # again, it goes on where it was stopped

Searches the study (10,000 points of CIFAR-10's size) with as many processes as there are cores, or with PROCESSES, then
compares 50 points drawn from it with the check of their recipes, each in a process of its own that remembers nothing of
another. Writes benchmarks/explore_rate.json. Seconds are of all sittings together, and depend on what else the machine
does; the CPU's are of the last sitting, whose points are counted.
"""

import json
import multiprocessing
import os
import random
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.history import record
from hwcodesign.explore.engine import Engine
from hwcodesign.explore.results import results_of
from hwcodesign.explore.space import Params
from hwcodesign.explore.study import load_study

HERE = Path(__file__).parent
CHECKED = 50
FIGURES = ("frame_rate", "lut", "ff", "dsp", "block_ram")


def cpu_seconds() -> float:
    """Of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def checked(study: Path, params: Params) -> dict[str, Any]:
    """What `check` says of a point, by the names that a study has for it; what would make it fit is not looked for."""
    from hwcodesign.check.check import measure
    from hwcodesign.check.suggestions import predicted
    from hwcodesign.core.errors import UserError
    from hwcodesign.plan import plan

    try:
        recipe = load_study(study).recipe_at(params)
        board = recipe.hardware.load_board()
        report = measure(plan(predicted(recipe), board, **recipe.hardware.wishes()), board)
    except UserError as error:
        return {"refused": str(error)}
    total = report.total
    return {"fits": report.fits, "frame_rate": report.frame_rate, **{key: getattr(total, key) for key in FIGURES[1:]}}


def differing(study: Path, folder: Path, processes: int) -> list[Any]:
    """The points, of CHECKED that are drawn, of which exploration and check say different things."""
    points = results_of(Engine(load_study(study), folder)).points
    drawn = random.Random(7).sample(points, min(CHECKED, len(points)))
    alone = {"mp_context": multiprocessing.get_context("spawn"), "max_tasks_per_child": 1}
    wrong = []
    with ProcessPoolExecutor(processes, **alone) as pool:  # type: ignore[arg-type]
        for point, said in zip(drawn, pool.map(checked, [study] * len(drawn), [p.params for p in drawn]), strict=True):
            found: dict[str, Any] = {key: point.figures[key] for key in FIGURES if key in point.figures}
            if found:
                found["fits"] = not point.excluded.startswith("does not fit")
            if found != {key: value for key, value in said.items() if key != "refused"}:
                wrong.append([point.params, found, said])
    return wrong


def main(folder: Path, processes: int, study: Path) -> None:
    """Plan all points, then check some, and write the rate."""
    engine = Engine(load_study(study), folder)
    sittings = folder / "sittings.json"
    sat = json.loads(sittings.read_text()) if sittings.exists() else 0.0
    known, begin, used = len(engine.finished(engine.steps[0])), time.monotonic(), cpu_seconds()

    def report(step: str, done: int, wanted: int) -> None:
        sittings.write_text(json.dumps(sat + time.monotonic() - begin))
        print(f"{done:,} of {wanted:,} points", flush=True)

    engine.work(report, processes)
    seconds, points = sat + time.monotonic() - begin, engine.study.budget
    document: dict[str, Any] = {
        "study": engine.study.name,
        "points": points,
        "points_in_the_space": engine.study.count,
        "processes": processes,
        "seconds": round(seconds, 1),
        "points_per_second": round(points / seconds, 2),
        "cpu_seconds_per_point": round((cpu_seconds() - used) / max(1, points - known), 4),
        "cpu_seconds_are_of": points - known,
        "checked_one_by_one": min(CHECKED, points),
        "differing": differing(study, folder, processes),
    }
    (HERE / "explore_rate.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))
    figures = {key: document[key] for key in ("points", "points_per_second", "cpu_seconds_per_point")}
    record("explore_rate", figures | {"differing": len(document["differing"])})


if __name__ == "__main__":
    given = sys.argv[2:]
    main(
        Path(sys.argv[1]),
        int(given[0]) if given else os.cpu_count() or 1,
        Path(given[1]) if given[1:] else HERE / "explore_rate.toml",
    )
