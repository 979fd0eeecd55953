"""SqueezeNet v1.0 at full size, 224x224, with random weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.graph import interpreter
from hwcodesign.graph.predict import predict
from hwcodesign.nets.network import Quantization
from hwcodesign.nets.squeezenet import SqueezeNet


@pytest.mark.slow
@pytest.mark.parametrize("bypass", ["none", "simple"])
def test_squeezenet_lowers_exactly(bypass: str, tmp_path: Path) -> None:
    import torch

    from hwcodesign.export.qonnx import evaluate, write_onnx
    from hwcodesign.lower import lower
    from hwcodesign.nets.build import quantized_module

    network = SqueezeNet(bypass=bypass).describe((224, 224, 3), 1000)  # type: ignore[arg-type]
    torch.manual_seed(0)
    module = quantized_module(network, Quantization()).train()
    with torch.no_grad():
        for _ in range(2):
            module(torch.randint(0, 256, (2, 3, 224, 224)).float())
    write_onnx(module.eval(), tmp_path / "model.onnx")
    graph = lower(tmp_path / "model.onnx", tmp_path).dataflow

    def unwidened(layer):  # type: ignore[no-untyped-def]
        return replace(layer, attributes={k: v for k, v in layer.attributes.items() if k != "acc_type"})

    predicted = predict(network, Quantization())
    assert [unwidened(layer) for layer in predicted.layers] == [unwidened(layer) for layer in graph.layers]
    frames = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    assert np.array_equal(interpreter.run(graph, frames, 1)[:, :-1], evaluate(module, frames).integer_scores)
