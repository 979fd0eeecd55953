"""The job: where its images and its file come from, with a recipe and with somebody's model."""

from pathlib import Path

import pytest

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.job import Job
from hwcodesign.recipe import HardwareTable, load_recipe

HARDWARE = HardwareTable(board="ulx3s-85f")


def test_a_recipes_reference_is_an_input_once_it_is_there(tmp_path: Path) -> None:
    job = Job(RunFolder(tmp_path), HARDWARE, recipe=load_recipe("digits-squeezenet"))
    assert job.held_out is None and job.reference_files == ()
    reference = job.run.stage("export") / "reference.npz"
    reference.parent.mkdir(parents=True)
    reference.touch()
    assert job.held_out == reference and job.reference_files == (reference,)
    assert job.qonnx == reference.parent / "model.onnx"


def test_somebodys_model_is_its_own_file_and_has_no_held_out_images(tmp_path: Path) -> None:
    job = Job(RunFolder(tmp_path), HARDWARE, model=tmp_path / "theirs.onnx")
    (job.run.stage("export")).mkdir(parents=True)
    (job.run.stage("export") / "reference.npz").touch()  # left over from a recipe
    assert job.held_out is None and job.qonnx == tmp_path / "theirs.onnx"
    with pytest.raises(AssertionError, match="only a job with a recipe"):
        _ = job.to_train


def test_data_are_told_apart_by_content_wherever_they_lie(tmp_path: Path) -> None:
    found = []
    for place, content in (("a", "x"), ("b/c", "x"), ("d", "xy")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "file").write_text(content)
        found.append(Job(RunFolder(tmp_path / "run"), HARDWARE, data_folder=tmp_path / place).data)
    assert found[0] == found[1] != found[2]
    assert Job(RunFolder(tmp_path / "run"), HARDWARE).data is None
