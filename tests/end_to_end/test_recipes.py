"""The shipped recipes exactly as a user runs them: trained where no data folder is needed, untrained at full size."""

from pathlib import Path

import pytest
from rich.console import Console

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.flow.pipeline import run_job
from hwcodesign.job import Job
from hwcodesign.recipe import load_recipe


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [("digits-squeezenet", 0.97), ("digits-icebreaker", 0.95), ("zynqnet-nano", 0.97), ("digits-anomaly", 0.95)],
)
def test_a_recipe_trains_compiles_and_is_exact_on_every_held_out_image(name: str, least: float, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    report = run_job(Job(RunFolder(tmp_path / name), recipe.hardware, recipe), Console(quiet=True))
    simulated = report["simulate"]
    key = recipe.task.test[0].key
    assert report["reference"][key] >= least
    assert (simulated["images"], simulated["mismatches"]) == (report["reference"]["images"], 0)
    assert simulated[key] == report["reference"][key]
    assert simulated["cycles_per_frame"] <= 1.02 * simulated["cycles_bound"]
    assert abs(simulated["latency_cycles"] / simulated["latency_predicted"] - 1) <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["squeezenet-v1.1", "squeezenet-v1.0-bypass", "zynqnet", "resnet-8", "mobilenet-0.25"])
def test_a_full_size_network_with_random_weights_is_exact_for_a_frame(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    job = Job(RunFolder(tmp_path / name), recipe.hardware, recipe, untrained=True, frames=1)
    report = run_job(job, Console(quiet=True))
    simulated = report["simulate"]
    assert report["check"]["fits"]
    assert (report["lower"]["images"], report["lower"]["mismatches"]) == (4, 0)
    assert (simulated["images"], simulated["mismatches"]) == (1, 0)
    assert abs(simulated["latency_cycles"] / simulated["latency_predicted"] - 1) <= 0.02
