"""QONNX files that were written without this package, from file to RTL: every score of every frame is exact."""

from pathlib import Path

import pytest
from rich.console import Console

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.flow.pipeline import run_job
from hwcodesign.job import Job
from hwcodesign.recipe import HardwareTable
from tests.lower import elsewhere

FRAMES = 12


@pytest.mark.parametrize("widths", elsewhere.WIDTHS)
@pytest.mark.parametrize("network", ["convolutional", "perceptron"])
def test_a_model_from_elsewhere_is_exact_in_rtl(network: str, widths: str, tmp_path: Path) -> None:
    model = tmp_path / f"{network}.onnx"
    elsewhere.export(network, widths, model)
    hardware = HardwareTable(board="ulx3s-85f", frame_rate=5000)
    report = run_job(Job(RunFolder(tmp_path / "run"), hardware, model=model, frames=FRAMES), Console(quiet=True))
    simulated = report["simulate"]
    assert (simulated["images"], simulated["mismatches"]) == (FRAMES, 0)
    assert simulated["cycles_per_frame"] <= 1.02 * simulated["cycles_bound"]
    assert abs(simulated["latency_cycles"] - simulated["latency_predicted"]) <= 0.1 * simulated["latency_predicted"]
