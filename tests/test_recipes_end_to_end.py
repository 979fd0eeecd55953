"""The shipped recipes that train without a data folder, exactly as a user runs them."""

from pathlib import Path

import pytest
from rich.console import Console

from hwcodesign.pipeline import run_job
from hwcodesign.recipe import load_recipe
from hwcodesign.run import RunFolder
from hwcodesign.stages import Job


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits-squeezenet", "zynqnet-nano"])
def test_a_recipe_trains_compiles_and_is_exact_on_every_held_out_image(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    report = run_job(Job(RunFolder(tmp_path / name), recipe.hardware, recipe), Console(quiet=True))
    simulated = report["simulate"]
    assert report["reference"]["top1"] >= 0.97
    assert (simulated["images"], simulated["mismatches"]) == (report["reference"]["images"], 0)
    assert simulated["top1"] == report["reference"]["top1"]
    assert simulated["cycles_per_frame"] <= 1.02 * simulated["cycles_bound"]
    assert abs(simulated["latency_cycles"] / simulated["latency_predicted"] - 1) <= 0.1
