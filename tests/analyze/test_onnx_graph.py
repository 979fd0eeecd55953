"""ONNX files as graphs of shapes: files that are none, and shapes that cannot be."""

import onnx
import pytest
import torch
from torch import nn

from hwcodesign.analyze.onnx_graph import read_graph
from hwcodesign.core.errors import UserError


def exported(model, path, *shape, **options):
    torch.onnx.export(model.eval(), torch.zeros(*shape), str(path), dynamo=False, **options)
    return path


def test_shapes_that_contradict_each_other_are_refused(tmp_path):
    values = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, s]) for n, s in (("a", 3), ("c", 3))]
    weights = onnx.numpy_helper.from_array(torch.zeros(1, 4).numpy(), "b")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["a", "b"], ["c"])], "g", values[:1], values[1:], [weights]
    )
    onnx.save(onnx.helper.make_model(graph), tmp_path / "net.onnx")
    with pytest.raises(UserError, match="its shapes contradict each other"):
        read_graph(tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        (b"", "is empty"),
        (b"not onnx at all", "is no ONNX file, or is truncated"),
    ],
)
def test_what_is_no_onnx_is_refused(tmp_path, content, message):
    path = tmp_path / "net.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_graph(path)


def test_a_file_of_two_inputs_is_refused(tmp_path):
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 2]) for name in "abc"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["a", "b"], ["c"])], "g", values[:2], values[2:])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "net.onnx")
    with pytest.raises(UserError, match="one input is needed, but there are 2"):
        read_graph(tmp_path / "net.onnx")


def test_shapes_are_per_image_with_channels_last(tmp_path):
    path = exported(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 6 * 5, 7)), tmp_path / "n.onnx",
                    2, 3, 8, 7)  # fmt: skip
    graph = read_graph(path)
    conv, last = graph.graph.node[0], graph.graph.output[0].name
    assert graph.shape(graph.image) == (2, 3, 8, 7)
    assert graph.image_shape(conv.output[0]) == (6, 5, 4) and graph.image_shape(last) == (7,)
    assert [node.op_type for node in graph.readers(conv.output[0])] == ["Flatten"]
