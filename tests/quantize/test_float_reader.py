"""What all layers of a float ONNX file need: names that a module may have."""

import numpy as np
import pytest

from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import Writer, in_file, scores


@pytest.mark.parametrize("name", ["network", "pixels.0", "type.weight", "features.half", "input", "a-b.c d"])
def test_any_name_of_a_layer_is_one_that_a_module_may_have(name, tmp_path):
    w = Writer((1, 3, 4, 4))
    x = w.node("Flatten", "", [w.node("Relu", "", [w.conv(name, "image", 4)])])
    found = read_model(w.save(tmp_path / "named.onnx", w.linear(f"{name}_fc", x, 64, 5)))
    pixels = np.random.default_rng(0).random((2, 3, 4, 4))
    assert np.allclose(scores(found, pixels).numpy(), in_file(tmp_path / "named.onnx", pixels), atol=1e-5)
