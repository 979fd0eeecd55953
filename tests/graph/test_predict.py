"""The predicted hardware graph is the one that lowering really gives."""

from dataclasses import replace
from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow, Interval, Layer
from hwcodesign.graph.predict import predict
from hwcodesign.nets.network import (
    AvgPool,
    Concat,
    Conv,
    GlobalAvgPool,
    LayerBits,
    MaxPool,
    Network,
    Quantization,
    Requantize,
)
from hwcodesign.nets.squeezenet import SqueezeNet

W4A4 = Quantization()


def _small(bypass: str) -> Network:
    family = SqueezeNet(
        base_e=8, incr_e=8, SR=0.5, fire_modules=4, conv1_filters=8, conv1_kernel=3, pool_after=("conv1", "fire3"),
        pool_kernel=2, bypass=bypass,  # type: ignore[arg-type]
    )  # fmt: skip
    return family.describe((20, 20, 3), 10)


def _without_widths(graph: Dataflow) -> list[Layer]:
    """Layers but for what depends on the trained weights: how narrow accumulators, weights and thresholds can be."""
    widths = ("acc_type", "weight_type", "spacing")

    def shared(layer: Layer) -> Layer:
        attributes = {key: value for key, value in layer.attributes.items() if key not in widths}
        return replace(layer, attributes=attributes)

    return [shared(layer) for layer in graph.layers]


def _lowered(network: Network, quantization: Quantization, folder: Path) -> Dataflow:
    import torch

    from hwcodesign.export.qonnx import write_onnx
    from hwcodesign.lower import lower
    from hwcodesign.nets.build import quantized_module

    torch.manual_seed(0)
    module = quantized_module(network, quantization)
    height, width, channels = network.input_shape
    with torch.no_grad():
        module.train()(torch.randint(0, 256, (8, channels, height, width)).float())
    write_onnx(module.eval(), folder / "model.onnx")
    return lower(folder / "model.onnx", folder).dataflow


@pytest.mark.parametrize("bypass", ["none", "simple", "complex"])
def test_prediction_equals_lowering(bypass: str, tmp_path: Path) -> None:
    network = _small(bypass)
    quantization = Quantization(weight_bits=4, activation_bits=4, first_weight_bits=8, last_weight_bits=6)
    predicted, lowered = predict(network, quantization), _lowered(network, quantization, tmp_path)
    assert _without_widths(predicted) == _without_widths(lowered)
    assert predicted.edges == lowered.edges
    for one, other in zip(predicted.layers, lowered.layers, strict=True):
        for key in ("acc_type", "weight_type"):
            if key in one.attributes:  # the prediction may be wider, never narrower
                assert int(str(one.attributes[key])[3:]) >= int(str(other.attributes[key])[3:])
        if "spacing" in one.attributes:  # it foresees a base and a step, and lowering finds them
            pairs = zip(one.numbers("spacing"), other.numbers("spacing"), strict=True)
            assert all(predicted_bits >= bits for predicted_bits, bits in pairs), one.name


@pytest.mark.parametrize("relu", [True, False])
def test_pools_that_pad_or_that_the_border_cuts(relu: bool, tmp_path: Path) -> None:
    nodes = (
        Conv("a", "input", 4, 3, pad=1, quantizer="a.quantizer", relu=relu),
        MaxPool("padded", "a", 3, 2, 1),
        Conv("b", "padded", 4, quantizer="b.quantizer", relu=relu),
        MaxPool("cut", "b", 3, 2, ceil=True),
        MaxPool("both", "cut", 2, 2, 1, ceil=True),
        Conv("c", "both", 5),
        GlobalAvgPool("mean", "c"),
    )
    network = Network("pools", (16, 15, 3), 5, nodes)
    predicted, lowered = predict(network, W4A4), _lowered(network, W4A4, tmp_path)
    assert [layer.name for layer in predicted.layers if layer.kind == "padding"] == [
        "a.pad", "padded.pad", "cut.pad", "both.pad"
    ]  # fmt: skip
    assert _without_widths(predicted) == _without_widths(lowered)


def test_average_pools_are_sums(tmp_path: Path) -> None:
    nodes = (
        Conv("a", "input", 4, 3, pad=1, quantizer="a.quantizer"),
        AvgPool("padded", "a", 3, 2, 1),
        Conv("b", "padded", 4, 3, quantizer="b.quantizer", relu=False),
        AvgPool("plain", "b", 2, 1),
        Requantize("again", "plain", "again.quantizer"),
        Conv("c", "again", 5),
        GlobalAvgPool("mean", "c"),
    )
    network = Network("pools", (16, 15, 3), 5, nodes)
    predicted, lowered = predict(network, W4A4), _lowered(network, W4A4, tmp_path)
    sums = {layer.name: layer.output for layer in predicted.layers if layer.kind == "sum_pool"}
    assert {name: (str(out.type), out.interval) for name, out in sums.items()} == {
        "padded": ("uint8", Interval(0, 135)), "plain": ("int6", Interval(-32, 28)),
    }  # fmt: skip
    assert _without_widths(predicted)[:-3] == _without_widths(lowered)[:-3]


def test_what_quantizes_again_behind_a_relu(tmp_path: Path) -> None:
    nodes = (
        Conv("a", "input", 4, 3, quantizer="a.quantizer"),
        Conv("b", "a", 4, quantizer="b.quantizer"),
        Requantize("again", "a", "b.quantizer"),
        Concat("both.concat", ("again", "b")),
        Conv("c", "both.concat", 5),
        GlobalAvgPool("mean", "c"),
    )
    network, quantization = Network("dense", (6, 6, 3), 5, nodes), Quantization(layers={"a": LayerBits(None, 5)})
    predicted, lowered = predict(network, quantization), _lowered(network, quantization, tmp_path)
    assert _without_widths(predicted)[:-3] == _without_widths(lowered)[:-3]


def test_full_size_squeezenet() -> None:
    graph = predict(SqueezeNet().describe((224, 224, 3), 1000), W4A4)
    mvaus = [layer for layer in graph.layers if layer.kind == "mvau"]
    assert len(mvaus) == 26
    weights = sum(layer.input.channels * layer.output.channels for layer in mvaus)
    assert weights == 1_248_424 - sum(layer.output.channels for layer in mvaus)  # Table 5.1 counts biases too
    assert graph.by_name["conv1"].output.shape == (109, 109, 96)
    assert graph.by_name["fire9.concat"].output.shape == (12, 12, 512)
    assert graph.output.shape == (1, 1, 1001)


def _network(*nodes: object) -> Network:
    return Network("test", (8, 8, 2), 3, nodes)  # type: ignore[arg-type]


def test_refuses_to_pad_a_bipolar_map() -> None:
    nodes = [
        Conv("a", "input", 3, 3, quantizer="q"),
        Conv("b", "a", 3, 3, pad=1, quantizer="q"),
        GlobalAvgPool("p", "b"),
    ]
    with pytest.raises(UserError, match=r"b: .*cannot be padded"):
        predict(_network(*nodes), Quantization(activation_bits=1))


def test_scores_of_several_pixels_all_leave() -> None:
    graph = predict(_network(Conv("a", "input", 3, 3, quantizer="q")), W4A4)
    assert graph.layers[-1].kind == "map_output" and graph.output.shape == graph.score_map.shape == (6, 6, 3)
    assert graph.score_count == 6 * 6 * 3


def test_a_raw_last_layer_puts_out_its_accumulators() -> None:
    graph = predict(_network(Conv("a", "input", 3, 8, quantizer="q"), Conv("b", "a", 3)), W4A4)
    assert str(graph.by_name["b"].output.type) == graph.by_name["b"].attributes["acc_type"]


def test_a_graph_input_read_twice_is_forked_first() -> None:
    nodes = [
        Conv("a", "input", 2, 8, quantizer="q"), MaxPool("m", "input", 8, 8), Conv("b", "m", 2, quantizer="q"),
        Concat("c", ("a", "b")),
    ]  # fmt: skip
    assert predict(_network(*nodes), W4A4).layers[0].name == "input.fork"
