"""Every family for hardware, small: lowering gives the graph that was predicted, score widths apart."""

import pytest
import torch

from hwcodesign.export.qonnx import write_onnx
from hwcodesign.graph.predict import predict
from hwcodesign.lower import lower
from hwcodesign.nets import metaparameters
from hwcodesign.nets.build import quantized_module
from hwcodesign.nets.network import Quantization

SMALL = {
    "lenet": ({"filters": (4, 8, 16, 12)}, (28, 28, 1)),
    "nin": ({"filters": (4, 8, 8, 12), "kernels": (5, 3, 3, 3), "conv1_stride": 1}, (35, 35, 3)),
    "vgg": ({"convolutions": (1, 2), "filters": (4, 8), "fully_connected": (16,)}, (16, 16, 3)),
    "zynqnet": ({"width": 0.25, "fire_modules": 3, "outputs": 10}, (16, 16, 1)),
}


@pytest.mark.parametrize("name", SMALL)
def test_prediction_equals_lowering(name, tmp_path):
    values, image = SMALL[name]
    network, quantization = metaparameters(name, values).describe(image, 10), Quantization()
    torch.manual_seed(0)
    model = quantized_module(network, quantization)
    with torch.no_grad():
        model.train()(torch.randint(0, 256, (8, image[2], *image[:2])).float())
    write_onnx(model.eval(), tmp_path / "model.onnx")
    lowered, predicted = lower(tmp_path / "model.onnx", tmp_path).dataflow, predict(network, quantization)
    assert [shape_of(layer) for layer in lowered.layers] == [shape_of(layer) for layer in predicted.layers]
    assert lowered.edges == predicted.edges


def shape_of(layer):
    """All of a layer but the widths that depend on trained weights."""
    structure = {k: v for k, v in layer.attributes.items() if k not in ("acc_type", "weight_type", "spacing")}
    raw = layer.kind == "label_select" or (layer.kind == "mvau" and layer.attributes["thresholds"] == 0)
    streams = [stream.shape for stream in (*layer.inputs, *layer.outputs)]
    types = [] if raw else [stream.type for stream in (*layer.inputs, *layer.outputs)]
    return layer.name, layer.kind, streams, types, structure
