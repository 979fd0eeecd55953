"""What networks from elsewhere look like: each variant lowers, and equals its file in float64."""

from collections.abc import Callable
from pathlib import Path

import brevitas.nn as qnn
import onnx
import pytest
from brevitas.quant import Int8WeightPerChannelFloat, Int8WeightPerTensorFloat, Uint8ActPerTensorFloat
from torch import nn

from hwcodesign.dataflow import Dataflow
from hwcodesign.lower import lower
from tests.lower.equality import require_equal
from tests.lower.small import Does, average, conv, export, linear, norm, relu


class FullRange(Int8WeightPerTensorFloat):
    narrow_range = False


def signed(**options: object) -> nn.Module:
    return qnn.QuantIdentity(**{"bit_width": 4, **options})


def twice() -> nn.Module:
    layer, quantizer = conv(padding=1), relu()
    return nn.Sequential(conv(2), relu(), layer, quantizer, layer, quantizer, *average())


Chain = nn.Sequential
VARIANTS: dict[str, Callable[[], nn.Module]] = {
    "dead channel": lambda: Chain(conv(2), norm(4, dead=True), relu(), *average()),
    "full range, turned": lambda: Chain(
        conv(2, weight_quant=FullRange, weight_bit_width=2), norm(4, falling=True), relu(), *average()
    ),
    "own input quantizer": lambda: Chain(
        qnn.QuantIdentity(act_quant=Uint8ActPerTensorFloat, bit_width=4), conv(2), relu(), *average()
    ),
    "signed and narrow": lambda: Chain(
        conv(2), norm(4), signed(), conv(padding=1), signed(narrow_range=True), *average()
    ),
    "bias": lambda: Chain(conv(2, bias=True), relu(), *average()),
    "strided 1x1": lambda: Chain(conv(2), relu(), conv(kernel=1, stride=2), relu(), *average()),
    "padded 1x1": lambda: Chain(conv(2), relu(), conv(kernel=1, padding=1), relu(), *average()),
    "not square": lambda: Chain(
        conv(2, kernel=(1, 3), stride=(2, 1)), relu(), conv(kernel=(3, 1), padding=(1, 0)), relu(), *average()
    ),
    "matrix after a feature map that is not square": lambda: Chain(
        conv(2, kernel=(1, 3)), relu(), nn.Flatten(), linear(4 * 8 * 6, 5)
    ),
    "8 bits": lambda: Chain(
        conv(2, weight_bit_width=8), relu(bit_width=8), conv(weight_bit_width=8), relu(bit_width=8), *average()
    ),
    "pixels read twice": lambda: Chain(
        Does(lambda x, a, b, q: q(a(x)) + q(b(x)), conv(2), conv(2), relu()), relu(), *average()
    ),
    "pool read twice": lambda: Chain(
        conv(2), relu(), nn.MaxPool2d(3, 2), Does(lambda x, a, q: q(a(x)) + q(x), conv(kernel=1), relu()), relu(),
        *average(),
    ),
    "quantizer behind flatten": lambda: Chain(conv(2), relu(), nn.Flatten(), signed(), linear(4 * 36, 5)),
    "matrices behind the average": lambda: Chain(
        conv(2), relu(), *average(), linear(4, 6), nn.BatchNorm1d(6), relu(), nn.Dropout(), linear(6, 3)
    ),
    "scale per filter": lambda: Chain(
        conv(2, weight_quant=Int8WeightPerChannelFloat), relu(), nn.Flatten(),
        linear(4 * 36, 5, weight_quant=Int8WeightPerChannelFloat), relu(), linear(5, 5),
    ),
    "quantized twice": lambda: Chain(conv(2), relu(), signed(bit_width=3), conv(), relu(), *average()),
    "a layer called twice": twice,
    "pool of pixels": lambda: Chain(nn.MaxPool2d(2), conv(2), relu(), *average()),
    "ReLU that changes nothing": lambda: Chain(conv(2), nn.ReLU(), relu(), nn.ReLU(), conv(), relu(), *average()),
    "factors and shifts between": lambda: Chain(
        conv(2), relu(), Does(lambda x: x * 0.5), conv(), Does(lambda x: -2 * x + 1), relu(), *average()
    ),
    "factor at the end": lambda: Chain(conv(2), relu(), *average(), Does(lambda x: x * 3)),
    "flattened by hand": lambda: Chain(conv(2), relu(), Does(lambda x: x.view(x.size(0), -1)), linear(4 * 36, 5)),
}  # fmt: skip


def _lower(path: Path) -> Dataflow:
    return lower(path, path.parent, input_scale=1.0).dataflow


@pytest.mark.parametrize("name", VARIANTS)
def test_variant(name: str, tmp_path: Path) -> None:
    export(VARIANTS[name], tmp_path / "model.onnx")
    require_equal(tmp_path / "model.onnx", _lower(tmp_path / "model.onnx"), (2, 8, 8))


def test_a_vector_as_input(tmp_path: Path) -> None:
    export(lambda: Chain(linear(20, 8), relu(), linear(8, 5)), tmp_path / "model.onnx", (20,))
    graph = _lower(tmp_path / "model.onnx")
    assert graph.input.shape == (1, 1, 20)
    require_equal(tmp_path / "model.onnx", graph, (20,))


def test_a_batch_of_any_size(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export(VARIANTS["matrices behind the average"], path)
    model = onnx.load(str(path))
    for end in (model.graph.input[0], model.graph.output[0]):
        end.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(model, str(path))
    require_equal(path, _lower(path), (2, 8, 8))


def test_nodes_without_names_are_called_by_their_parameters(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export(VARIANTS["pool read twice"], path)
    model = onnx.load(str(path))
    for node in model.graph.node:
        node.name = ""
    onnx.save(model, str(path))
    graph = _lower(path)
    assert [layer.name for layer in graph.layers if layer.kind in ("mvau", "max_pool")] == ["0", "maxpool", "3.used.0"]
    require_equal(path, graph, (2, 8, 8))


def test_finn_has_a_layer_for_all_of_it(tmp_path: Path) -> None:
    export(VARIANTS["8 bits"], tmp_path / "model.onnx")
    report = lower(tmp_path / "model.onnx", tmp_path, input_scale=1.0).report
    assert report["thresholds"] == 2 * 4 * 255
    assert report["not_in_finn"] == 0


def test_weights_of_minus_one_and_zero_are_not_bipolar_to_finn(tmp_path: Path) -> None:
    """What FINN makes of them has no zero: it gets the type that we found."""

    def falling() -> nn.Module:
        layer = conv(2, weight_bit_width=2)
        layer.weight.data = -layer.weight.data.abs()
        return Chain(layer, signed(), *average())

    path = tmp_path / "model.onnx"
    export(falling, path)
    graph = _lower(path)
    require_equal(path, graph, (2, 8, 8), distinct=8)
    assert set(graph.by_name["0"].tensors["weights"].ravel().tolist()) == {-1, 0}
    notes = onnx.load(str(tmp_path / "lowered.onnx")).graph.quantization_annotation
    kinds = {note.tensor_name: note.quant_parameter_tensor_names[0].value for note in notes}
    assert kinds["0.weights"] == "INT2"


def test_the_same_bytes_on_repeat(tmp_path: Path) -> None:
    export(VARIANTS["pool read twice"], tmp_path / "model.onnx")
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        lower(tmp_path / "model.onnx", tmp_path / name)
        written.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert sorted(written[0]) == ["dataflow.json", "dataflow.npz", "lowered.onnx"]
    assert written[0] == written[1]
