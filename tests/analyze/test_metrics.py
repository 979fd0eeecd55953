"""Metrics: counted where shapes tell, from a run's own files where it measured, otherwise what is needed."""

import json

import pytest

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.metrics import metrics, si, size
from hwcodesign.nets import metaparameters

LENET = metaparameters("lenet", {}).describe((32, 32, 1), 10)
# The dissertation's table 2.2 and section 2.3.8.
NAMES = {
    "accuracy", "quantity of computation", "frame rate", "training time", "power", "energy per frame", "model size",
    "memory footprint", "quantity of activations", "quantity of communication",
}  # fmt: skip


def by_name(found):
    return {metric.name: metric for metric in found}


def test_every_metric_has_its_place_and_nothing_is_guessed():
    found = metrics(costs(LENET), batch=64)
    assert {metric.name for metric in found} == NAMES
    for name in ("accuracy", "frame rate", "training time", "power"):
        assert by_name(found)[name].origin == "needs"
    assert by_name(found)["accuracy"].value == "not measured: a recipe that trains it"
    assert by_name(found)["model size"].value == "247 kB: 61,706 parameters"
    assert any("247 kB of their gradients back, per batch of 64" in metric.value for metric in found)
    models = [metric for metric in found if metric.origin == "model"]
    assert models and all("Horowitz, ISSCC 2014" in metric.value for metric in models)


def test_what_a_run_measured_is_taken_from_its_folder(tmp_path):
    needed = by_name(metrics(costs(LENET), 1, "lenet-recipe", tmp_path))
    assert needed["accuracy"].value == "not measured: hwcodesign run lenet-recipe --to export"

    def stage(name, **summary):
        folder = tmp_path / "lenet-recipe" / name
        folder.mkdir(parents=True)
        (folder / "stage.json").write_text(json.dumps({"fingerprint": "", "summary": summary}))
        return folder

    stage("train", seconds=61.2)
    stage("plan", planned_frame_rate=1000.0, clock_mhz=50.0, board="ulx3s-85f")
    stage("simulate", cycles_per_frame=40_000)
    reference = {"top1": 0.975, "images": 360, "dataset": "digits", "split": "test", "device": "cpu"}
    (stage("export") / "reference.json").write_text(json.dumps(reference))
    found = metrics(costs(LENET), 1, "lenet-recipe", tmp_path)
    assert by_name(found)["accuracy"].value == "97.50 % of 360 images of digits (test), cpu"
    assert by_name(found)["training time"].value == "61 s"
    rates = {metric.origin: metric.value for metric in found if metric.name == "frame rate"}
    assert rates["model"] == "1,000 frames/s planned on ulx3s-85f at 50 MHz"
    assert rates["measurement"].startswith("1,250 frames/s: 40,000 cycles per frame in RTL simulation")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (160, "160"), (999.4, "999"), (999.9, "1.00 k"), (12_345, "12.3 k"), (2_266_000_000, "2.27 G"),
     (1e12, "1.00 T"), (2.3e-6, "2.30 µ"), (1e-12, "0.00100 n")],
)  # fmt: skip
def test_numbers_have_three_digits_and_a_prefix(number, text):
    assert si(number) == text


def test_sizes_are_in_bytes():
    assert size(247_000) == "247 kB"


def test_less_than_a_byte_is_bits() -> None:
    assert [size(0.125), size(0.5), size(1), size(1500)] == ["1 bit", "4 bit", "1.00 B", "1.50 kB"]
