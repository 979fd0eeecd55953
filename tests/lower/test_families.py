"""Whatever a family may describe: hardware as predicted, and every score that of the exported network."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hwcodesign.export.qonnx import evaluate, write_onnx
from hwcodesign.graph import interpreter
from hwcodesign.graph.predict import predict
from hwcodesign.lower import lower
from hwcodesign.nets.build import NetworkModule, quantized_module
from hwcodesign.nets.network import Network, Quantization, Requantize
from tests.nets.random_network import random_network

IMAGES = 8


def trained(network: Network, quantization: Quantization, images: np.ndarray) -> NetworkModule:
    """Its weights as they come; the rest as a training might leave it: factors below 0, too, and steps all over."""
    module = quantized_module(network, quantization)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(part.weight, -0.5, 2.0)
            torch.nn.init.normal_(part.bias, 0.0, 0.5)
    with torch.no_grad():
        for _ in range(3):
            module.train()(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).float())
    for name in module.quantizers:
        module.get_submodule(name).clip_at(float(torch.empty(1).uniform_(0.5, 4.0)))
    return module.eval()


def require_exact(seed: int, folder: Path) -> None:
    torch.manual_seed(seed)
    network, quantization = random_network(seed)
    images = np.random.default_rng(seed).integers(0, 256, (IMAGES, *network.input_shape), dtype=np.uint8)
    module = trained(network, quantization, images)
    write_onnx(module, folder / "model.onnx")
    lowered = lower(folder / "model.onnx", folder).dataflow
    scores = interpreter.run(lowered, images.astype(np.int64))[:, : network.classes]
    assert np.array_equal(scores, evaluate(module, images).integer_scores)
    found = [(layer.name, layer.kind, layer.output.shape) for layer in lowered.layers]
    foreseen = [(layer.name, layer.kind, layer.output.shape) for layer in predict(network, quantization).layers]
    unchanging = {node.name for node in network.nodes if isinstance(node, Requantize)} - lowered.by_name.keys()
    assert [layer for layer in foreseen if layer[0] not in unchanging] == found  # weights decide what changes nothing


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed: int, tmp_path: Path) -> None:
    require_exact(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 600, 100))
def test_many_more(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 100):
        require_exact(seed, tmp_path)
