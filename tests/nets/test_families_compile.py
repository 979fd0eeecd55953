"""Every family for hardware, small: lowering gives the graph that was predicted, score widths apart, and its scores
are those of the trained network's exact meaning; the newer ones in RTL, too.
"""

import numpy as np
import pytest
import torch

from hwcodesign.emit.top_level import emit
from hwcodesign.export.qonnx import write_onnx
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.graph.predict import predict
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.lower import lower
from hwcodesign.nets import metaparameters
from hwcodesign.nets.build import freeze, quantized_module, score_map
from hwcodesign.nets.network import Quantization
from hwcodesign.plan import plan
from hwcodesign.plan.buffer_sizing import shrunk
from hwcodesign.simulate import network as simulation

SMALL = {
    "lenet": ({"filters": (4, 8, 16, 12)}, (28, 28, 1)),
    "autoencoder": ({"units": 6, "layers": 1, "bottleneck": 3}, (1, 1, 20)),
    "mobilenetv2": ({"width": 0.25, "stages": 2, "expansion": 2, "last_filters": 16}, (12, 12, 3)),
    "mobilenet": ({"width": 0.125, "pairs": 2}, (16, 16, 3)),
    "dscnn": ({"filters": 8, "pairs": 1, "conv1_kernel": (5, 3), "conv1_pad": (2, 1)}, (13, 6, 1)),
    "resnet": ({"filters": (4, 6)}, (8, 8, 3)),
    "nin": ({"filters": (4, 8, 8, 12), "kernels": (5, 3, 3, 3), "conv1_stride": 1}, (35, 35, 3)),
    "squeezedet": ({"anchors": 2, "conv1_filters": 4, "squeeze": (4,), "expand": (4,)}, (16, 24, 1)),
    "vgg": ({"convolutions": (1, 2), "filters": (4, 8), "fully_connected": (16,)}, (16, 16, 3)),
    "vgg1d": ({"layers": 2, "filters": 6, "fully_connected": (8,)}, (1, 32, 2)),
    "zynqnet": ({"width": 0.25, "fire_modules": 3, "outputs": 10}, (16, 16, 1)),
}


@pytest.mark.parametrize("name", SMALL)
def test_prediction_equals_lowering(name, tmp_path):
    values, image = SMALL[name]
    network, quantization = metaparameters(name, values).describe(image, 10), Quantization()
    torch.manual_seed(0)
    model = quantized_module(network, quantization)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the statistics of these very images
    with torch.no_grad():
        model.train()(torch.randint(0, 256, (8, image[2], *image[:2])).float())
    write_onnx(model.eval(), tmp_path / "model.onnx")
    lowered, predicted = lower(tmp_path / "model.onnx", tmp_path).dataflow, predict(network, quantization)
    assert [shape_of(layer) for layer in lowered.layers] == [shape_of(layer) for layer in predicted.layers]
    assert lowered.edges == predicted.edges
    images, exact = np.random.default_rng(1).integers(0, 256, (6, *image)), freeze(model)
    with torch.no_grad():
        scores = exact(torch.from_numpy(images.transpose(0, 3, 1, 2)).double()).numpy() / score_map(exact).scale[0]
    found = interpreter.run(lowered, images)[:, : network.outputs]
    assert np.array_equal(found, np.rint(scores)) and len(np.unique(found, axis=0)) > 3


SLOW = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("resnet", "autoencoder", "dscnn", "vgg1d", "mobilenetv2", "squeezedet")
]


@pytest.mark.parametrize("name", ["mobilenet", *SLOW])
def test_small_and_untrained_it_is_exact_in_rtl_and_takes_the_planned_cycles(name, tmp_path):
    values, image = SMALL[name]
    graph = randomised(predict(metaparameters(name, values).describe(image, 10), Quantization()), 1)
    board = load_board("ulx3s-85f")
    made = shrunk(plan(graph, board, frame_rate=20_000), board)
    emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    frames = np.random.default_rng(1).integers(0, 256, (20, *image))
    expected = interpreter.run(made.design, frames)
    assert len(np.unique(expected, axis=0)) == len(frames)
    built = simulation.build(tmp_path / "emit", tmp_path / "simulation")
    measured = simulation.simulate(built, tmp_path / "emit", frames, made.design.input.type, 100_000)
    assert simulation.compare(measured.results.values, expected) == []
    assert measured.cycles_per_frame == made.cycles_per_frame
    assert abs(measured.latency_cycles / made.latency_cycles - 1) <= 0.02


def shape_of(layer):
    """All of a layer but the widths that depend on trained weights."""
    structure = {k: v for k, v in layer.attributes.items() if k not in ("acc_type", "weight_type", "spacing")}
    raw = layer.kind in ("label_select", "map_output") or layer.attributes.get("thresholds") == 0
    streams = [stream.shape for stream in (*layer.inputs, *layer.outputs)]
    types = [] if raw else [stream.type for stream in (*layer.inputs, *layer.outputs)]
    return layer.name, layer.kind, streams, types, structure
