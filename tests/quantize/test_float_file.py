"""Which files hold a float network, and which weights alone."""

import numpy as np
import onnx
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.nets.squeezenet import SqueezeNet
from hwcodesign.quantize.float_file import read_model, read_weights
from tests.export.weight_files import write_safetensors
from tests.quantize import small
from tests.quantize.float_onnx import Writer, residual


def test_weights_come_from_both(tmp_path):
    path = residual(tmp_path / "float.onnx")
    found = read_model(path)
    assert read_weights(path, found.network).keys() == found.weights.keys()
    with pytest.raises(
        UserError, match=r"is of another network: stem.conv has the shape .* where the network has conv1"
    ):
        read_weights(path, SqueezeNet().describe((64, 64, 3), 5))
    net = small.network()
    given = small.weights(net)
    write_safetensors(tmp_path / "w.safetensors", {f"{n}.weight": w.weight for n, w in given.items()})
    again = read_weights(tmp_path / "w.safetensors", net)
    assert all(np.array_equal(again[name].weight, given[name].weight) for name in given)


def test_a_quantized_file_and_other_kinds_are_told(tmp_path):
    w = Writer((1, 2, 4, 4))
    x = w.conv("a", "image", 5, 4, 1, 0)
    scale, zero = w.constant("s", np.float32(0.1)), w.constant("z", np.uint8(0))
    path = w.save(tmp_path / "q.onnx", w.node("Flatten", "", [w.node("QuantizeLinear", "q", [x, scale, zero])]))
    with pytest.raises(UserError, match=r"is quantized already \(QuantizeLinear\): it goes in as it is"):
        read_model(path)
    with pytest.raises(UserError, match=r"comes as \*.onnx or \*.pt2; weights alone"):
        read_model(tmp_path / "w.safetensors")


def test_a_file_of_two_outputs_is_told_what_to_export(tmp_path):
    w = Writer((1, 2, 4, 4))
    heads = [w.node("Flatten", "", [w.conv(name, "image", 5, 4, 1, 0)]) for name in ("a", "b")]
    path = w.save(tmp_path / "two.onnx", heads[0])
    model = onnx.load(path)
    model.graph.output.append(onnx.helper.make_tensor_value_info(heads[1], onnx.TensorProto.FLOAT, [1, 5]))
    onnx.save(model, path)
    with pytest.raises(
        UserError, match=r"has the outputs .*Flatten.*, .*Flatten.*: a float network has one; export it"
    ):
        read_model(path)
