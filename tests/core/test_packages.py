"""A package that is not installed is said with the line that brings it."""

from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from hwcodesign.core import packages
from hwcodesign.core.errors import UserError


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda module: None)


def test_what_is_there_is_asked_without_a_word() -> None:
    packages.require("onnx", "torch")


@pytest.mark.usefixtures("absent")
def test_all_that_is_missing_is_in_one_message() -> None:
    with pytest.raises(UserError) as caught:
        packages.require("brevitas", "sklearn", "cocotb")
    assert str(caught.value) == "brevitas, sklearn, cocotb are not installed: pip install 'hwcodesign[train,simulate]'"


@pytest.mark.usefixtures("absent")
def test_torch_comes_with_the_advice_for_machines_without_a_gpu() -> None:
    with pytest.raises(UserError, match=r"torch is not installed: .*\[train\].*without a GPU.*whl/cpu"):
        packages.require("torch")


@pytest.mark.parametrize(
    ("gpu", "packages_of_cuda", "advised"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_a_gpus_torch_without_a_gpu_is_told(
    gpu: bool, packages_of_cuda: bool, advised: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path / "nvidiactl"
    if gpu:
        device.touch()
    monkeypatch.setattr(packages, "_GPUS", (device,))
    name = "nvidia-cublas-cu12" if packages_of_cuda else "numpy"
    monkeypatch.setattr(metadata, "distributions", lambda: [SimpleNamespace(metadata={"Name": name})])
    assert ("whl/cpu" in packages.torch_advice()) == advised


@pytest.mark.usefixtures("absent")
def test_an_import_that_fails_is_explained() -> None:
    explained = packages.explained(ModuleNotFoundError("no", name="plotly.graph_objects"))
    assert str(explained) == "plotly is not installed: pip install 'hwcodesign[explore]'"


def test_a_module_of_our_own_or_of_nobody_is_no_question_of_installing() -> None:
    for name in (None, "hwcodesign.nowhere", "nowhere"):
        assert packages.explained(ModuleNotFoundError("no", name=name)) is None


def test_one_that_is_there_and_misses_a_part_is_another_fault() -> None:
    assert packages.explained(ModuleNotFoundError("no", name="onnx.nowhere")) is None
