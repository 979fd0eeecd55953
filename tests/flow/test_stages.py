"""What a stage is made from."""

from pathlib import Path

from onnx import TensorProto

from benchmarks.fuzz import small_onnx
from hwcodesign.core.run_folder import RunFolder, code_digest
from hwcodesign.flow.stages import STAGE_NAMES, stage_of
from hwcodesign.job import Job
from hwcodesign.recipe import HardwareTable, load_recipe


def test_external_data_belong_to_the_model(tmp_path: Path) -> None:
    made = small_onnx.model()
    tensor = made.graph.initializer[0]
    (tmp_path / "w.data").write_bytes(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="w.data")
    path = small_onnx.save(made, tmp_path / "m.onnx")
    job = Job(run=RunFolder(tmp_path / "run"), hardware=HardwareTable(board="ulx3s-85f"), model=path)
    assert stage_of(job, "lower").inputs == (path, tmp_path / "w.data")


def test_every_stage_says_which_code_makes_it(tmp_path: Path) -> None:
    recipe = load_recipe("digits-squeezenet")
    job = Job(run=RunFolder(tmp_path / "run"), hardware=recipe.hardware, recipe=recipe)
    for name in STAGE_NAMES:
        stage = stage_of(job, name)
        assert stage.name == name and code_digest(stage.code) == code_digest(stage.code)
        assert stage.code
