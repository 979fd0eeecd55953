"""ONNX files of unknown origin: no code is run, no other folder is read, and everything refused is named."""

import os
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from benchmarks.fuzz import small_onnx
from hwcodesign.analyze.onnx_graph import read_graph
from hwcodesign.core.errors import UserError
from hwcodesign.core.onnx_file import external_files, load_model
from hwcodesign.lower import lower


def _message(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_model(path)
    return str(caught.value)


def test_a_sound_file_is_taken(tmp_path: Path) -> None:
    path = small_onnx.save(small_onnx.model(), tmp_path / "m.onnx")
    assert load_model(path) == small_onnx.model()
    assert external_files(path) == ()


@pytest.mark.parametrize("into", ["node", "subgraph"])
def test_a_domain_is_no_module_to_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, into: str) -> None:
    (tmp_path / "trap.py").write_text("import pathlib; pathlib.Path('sprung').touch()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    made = small_onnx.model()
    if into == "node":
        made.graph.node[3].domain = "trap"
    else:
        inner = helper.make_graph(
            [helper.make_node("Quant", [], ["i"], "/inner/Quant", domain="trap")], "inner", [], []
        )
        made.graph.node.append(helper.make_node("If", ["y"], ["z"], "/if/If", then_branch=inner, else_branch=inner))
    path = small_onnx.save(made, tmp_path / "m.onnx")
    for opens in (load_model, read_graph, lambda path: lower(path, tmp_path)):
        with pytest.raises(UserError, match="domain 'trap'"):
            opens(path)
    assert not (tmp_path / "sprung").exists() and "trap" not in sys.modules


def test_a_domain_that_no_operator_is_of_falls_away(tmp_path: Path) -> None:
    made = small_onnx.model()
    made.opset_import.extend(helper.make_opsetid(domain, 1) for domain in ("trap", "com.microsoft", "ai.onnx.training"))
    path = small_onnx.save(made, tmp_path / "m.onnx")
    assert load_model(path) == small_onnx.model()
    assert read_graph(path) == read_graph(small_onnx.save(small_onnx.model(), path))


def test_operators_of_onnxruntime_are_refused_with_the_format_that_has_none(tmp_path: Path) -> None:
    made = small_onnx.model()
    made.graph.node[3].domain = "com.microsoft"
    assert "-> quantize with quant_format=QuantFormat.QDQ" in _message(small_onnx.save(made, tmp_path / "m.onnx"))


def test_operators_of_its_own_are_refused(tmp_path: Path) -> None:
    made = small_onnx.model()
    made.functions.append(helper.make_function("", "Conv", ["a"], ["b"], [], [helper.make_opsetid("", 13)]))
    assert "defines operators of its own (Conv)" in _message(small_onnx.save(made, tmp_path / "m.onnx"))


@pytest.mark.parametrize("version", [0, -3, 999, None])
def test_an_unknown_version_of_the_operators(tmp_path: Path, version: int | None) -> None:
    made = small_onnx.model()
    del made.opset_import[:]
    if version is not None:
        made.opset_import.append(helper.make_opsetid("", version))
    assert "opset_import asks for version" in _message(small_onnx.save(made, tmp_path / "m.onnx"))


def _outside(tmp_path: Path, location: str, **entries: str) -> Path:
    """A model in the folder `model`, its first weights in `location`."""
    made = small_onnx.model()
    tensor = made.graph.initializer[0]
    (tmp_path / "model").mkdir(exist_ok=True)
    for place in (tmp_path / "model" / "w.data", tmp_path / "secret.data"):
        place.write_bytes(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=value)
    return small_onnx.save(made, tmp_path / "model" / "m.onnx")


def test_external_data_are_those_beside_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _outside(tmp_path, "w.data")
    (tmp_path / "w.data").write_bytes(bytes(288))  # in the working folder: another file of that name
    monkeypatch.chdir(tmp_path)
    for given in (path, Path("model/m.onnx")):
        assert load_model(given) == small_onnx.model()
        assert [place.name for place in external_files(given)] == ["w.data"]
        assert external_files(given)[0].parent == path.parent


@pytest.mark.parametrize("location", ["/secret.data", "../secret.data", "a/../../secret.data", "..\\secret.data", ""])
def test_external_data_from_another_folder_are_refused(tmp_path: Path, location: str) -> None:
    path = _outside(tmp_path, location if location[:1] != "/" else str(tmp_path / "secret.data"))
    assert "out of the model's folder" in _message(path) and "'weights'" in _message(path)
    assert external_files(path) == ()


def test_external_data_behind_a_link_are_refused(tmp_path: Path) -> None:
    path = _outside(tmp_path, "link.data")
    (path.parent / "link.data").symlink_to(tmp_path / "secret.data")
    assert "out of the model's folder" in _message(path)
    os.mkfifo(path.parent / "pipe")
    assert "named pipe" in _message(_outside(tmp_path, "pipe"))


@pytest.mark.parametrize("entries", [{"offset": "280"}, {"length": "999"}, {"offset": "-8"}, {"length": "x"}])
def test_external_data_that_are_not_there(tmp_path: Path, entries: dict[str, str]) -> None:
    message = _message(_outside(tmp_path, "w.data", **entries))
    assert "which has 288" in message or "'weights' of shape [4, 2, 3, 3] is damaged" in message
    assert "there is no file" in _message(_outside(tmp_path, "none.data"))


def test_tensors_that_are_damaged_or_made_twice(tmp_path: Path) -> None:
    made = small_onnx.model()
    made.graph.initializer[0].raw_data = made.graph.initializer[0].raw_data[:-1]
    made.graph.node[2].output[0] = "c"
    message = _message(small_onnx.save(made, tmp_path / "m.onnx"))
    assert "the tensor 'weights' of shape [4, 2, 3, 3] is damaged" in message
    assert "norm: its result 'c' is made elsewhere, too" in message


@pytest.mark.parametrize("side", [-1, -(2**63)])
def test_a_tensor_of_a_negative_side(tmp_path: Path, side: int) -> None:
    made = small_onnx.framework()
    sizes = next(tensor for tensor in made.graph.initializer if tensor.name == "sizes")
    sizes.dims[0] = side
    assert f"the tensor 'sizes' of shape [{side}] is damaged" in _message(small_onnx.save(made, tmp_path / "m.onnx"))


def test_a_node_against_its_operators_definition(tmp_path: Path) -> None:
    made = small_onnx.model()
    del made.graph.node[1].input[1:]
    made.graph.node[1].attribute.append(helper.make_attribute("colour", 3))
    made.graph.node[4].attribute[0].CopyFrom(helper.make_attribute("axis", "one"))
    message = _message(small_onnx.save(made, tmp_path / "m.onnx"))
    assert "  conv: " in message and "  flatten: " in message


def test_a_quantizer_without_its_inputs(tmp_path: Path) -> None:
    made = small_onnx.model()
    del made.graph.node[3].input[2:]
    message = _message(small_onnx.save(made, tmp_path / "m.onnx"))
    assert "act: its operator Quant has 2 inputs and 1 outputs; it needs 4 and one" in message


def test_names_that_are_no_text(tmp_path: Path) -> None:
    content = small_onnx.model().SerializeToString().replace(b"/norm/Bn", b"/norm/\xff\xfe")
    (tmp_path / "m.onnx").write_bytes(content)
    assert "not in UTF-8" in _message(tmp_path / "m.onnx")


def test_one_file_for_many_tensors_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _outside(tmp_path, "w.data")
    made = onnx.load_model_from_string(path.read_bytes())
    for tensor in made.graph.initializer[1:]:
        tensor.CopyFrom(made.graph.initializer[0])
    small_onnx.save(made, path)
    monkeypatch.setattr("hwcodesign.core.onnx_file.MOST_BYTES", path.stat().st_size)
    assert "its external data are longer than" in _message(path)


def test_a_graph_without_nodes(tmp_path: Path) -> None:
    assert "holds no ONNX graph" in _message(small_onnx.save(onnx.ModelProto(ir_version=8), tmp_path / "m.onnx"))


def test_numpy_reads_what_was_external(tmp_path: Path) -> None:
    made = load_model(_outside(tmp_path, "w.data"))
    values = onnx.numpy_helper.to_array(made.graph.initializer[0])
    assert np.array_equal(values, onnx.numpy_helper.to_array(small_onnx.model().graph.initializer[0]))
