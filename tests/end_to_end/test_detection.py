"""A detector from pictures with boxes to a proven graph: squares and bars on small canvases."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.flow.pipeline import run_job
from hwcodesign.job import Job
from hwcodesign.pictures import detections
from hwcodesign.recipe import Recipe
from hwcodesign.report.facts import facts_of
from hwcodesign.report.page import render

RECIPE = Recipe(
    name="shapes", hardware={"board": "pynq-z1"},
    network={"family": "squeezedet", "anchors": 2, "conv1_filters": 8, "squeeze": (4,), "expand": (8,),
             "pool_after": ("conv1",)},
    quantization={"first_weight_bits": 8, "last_weight_bits": 8},
    data={"dataset": "boxes", "size": (32, 32), "classes": 2, "task": "detect", "anchors": ((8, 8), (4, 12))},
    train={"epochs": 8, "batch_size": 16, "optimizer": "adam", "learning_rate": 0.01, "weight_decay": 0.0},
)  # fmt: skip


def shapes(folder: Path, split: str, count: int, seed: int) -> None:
    """A bright square or a bar of middle brightness on each canvas."""
    random = np.random.default_rng(seed)
    (folder / split).mkdir(parents=True)
    images, annotations = [], []
    for number in range(count):
        label = int(random.integers(2))
        height, width, level = ((8, 8, 230), (4, 12, 140))[label]
        top, left = int(random.integers(33 - height)), int(random.integers(33 - width))
        canvas = random.integers(0, 30, (32, 32), dtype=np.uint8)
        canvas[top : top + height, left : left + width] = level
        Image.fromarray(canvas).save(folder / split / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png"})
        annotations.append({"image_id": number, "category_id": label, "bbox": [left, top, width, height]})
    categories = [{"id": 0, "name": "square"}, {"id": 1, "name": "bar"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (folder / f"{split}.json").write_text(json.dumps(document))


@pytest.mark.slow
def test_it_finds_shapes_by_its_integers(tmp_path: Path) -> None:
    for split, count, seed in (("train", 400, 1), ("test", 60, 2)):
        shapes(tmp_path / "data", split, count, seed)
    run = RunFolder(tmp_path / "shapes")
    job = Job(run=run, hardware=RECIPE.hardware, recipe=RECIPE, data_folder=tmp_path / "data")
    report = run_job(job, Console(quiet=True), last="lower")
    assert (report["lower"]["images"], report["lower"]["mismatches"]) == (60, 0)
    assert report["lower"]["map50"] == report["reference"]["map50"] > 0.5
    assert report["train"]["validation_loss"] == report["reference"]["training"]["validation_loss"]
    assert detections.draw(run, tmp_path / "found.png") and (tmp_path / "found.png").stat().st_size > 5_000
    assert f"mAP {report['reference']['map50']:.4f} of 60 test images" in render(facts_of(run))
