"""Small whole networks with random weights and thresholds: hardware to test without training or FINN."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import Dataflow, IntType, Layer
from hwcodesign.graph.predict import predict
from hwcodesign.kinds import kind_of
from hwcodesign.nets.lenet import LeNet
from hwcodesign.nets.network import Quantization
from hwcodesign.nets.squeezenet import SqueezeNet


def tiny_squeezenet(bits: int = 4, bypass: str = "simple", seed: int = 1, conv1_filters: int = 4) -> Dataflow:
    """Two Fire modules with pools and a bypass on 8x8 images: every kind of layer is in it."""
    family = SqueezeNet(
        base_e=8, incr_e=0, SR=0.5, fire_modules=2,
        conv1_filters=conv1_filters, conv1_kernel=3, conv1_stride=1, conv1_pad=1,
        pool_after=("conv1",), pool_kernel=2, pool_stride=2, bypass=bypass,
    )  # fmt: skip
    return randomised(predict(family.describe((8, 8, 1), 5), Quantization(bits, bits)), seed)


def one_fire(side: int, channels: int, pool_stride: int = 2) -> Dataflow:
    """One Fire module. With a long stride its pool leaves the last rows out: the scores come before those are in."""
    family = SqueezeNet(
        base_e=8, incr_e=0, SR=0.5, fire_modules=1, conv1_filters=4, conv1_kernel=3, conv1_stride=1, conv1_pad=0,
        pool_after=("conv1",), pool_kernel=2, pool_stride=pool_stride,
    )  # fmt: skip
    return randomised(predict(family.describe((side, side, channels), 5), Quantization(4, 4)), 1)


def tiny_lenet() -> Dataflow:
    """Convolutions and fully connected layers on 14x14 images; its scores have both signs."""
    return randomised(predict(LeNet((3, 4, 6, 5), 3).describe((14, 14, 1), 5), Quantization(4, 4)), 1)


def randomised(graph: Dataflow, seed: int, even: bool = True) -> Dataflow:
    """`graph` with random tensors of the types that its layers declare; thresholds evenly spaced, or anywhere."""
    rng = np.random.default_rng(seed)
    return replace(graph, layers=tuple(_randomised(layer, rng, even) for layer in graph.layers))


def _randomised(layer: Layer, rng: np.random.Generator, even: bool) -> Layer:
    """Thresholds lie where random inputs fall, so that the images stay apart all the way to the scores."""
    tensors = {}
    middle = (layer.input.type.max + layer.input.type.min) / 2
    mean, spread = np.full(layer.output.channels, middle), np.full(layer.output.channels, middle / 2)
    if layer.kind == "mvau":
        kind = IntType.parse(str(layer.attributes["weight_type"]))
        shape = (layer.input.channels, layer.output.channels)
        weights = rng.choice([-1, 1], shape) if kind.bipolar else rng.integers(-kind.max, kind.max + 1, shape)
        tensors["weights"] = weights
        mean, spread = middle * weights.sum(axis=0), middle / 2 * np.sqrt((weights**2).sum(axis=0))
    if count := layer.attributes.get("thresholds", 0):
        if even:
            places = np.linspace(-1.5, 1.5, int(count)) if int(count) > 1 else np.zeros(1)
            steps = rng.normal(mean, spread / 4)[:, None] + places * (spread * rng.uniform(0.5, 1, len(mean)))[:, None]
        else:
            steps = np.sort(rng.normal(mean[:, None], spread[:, None], (len(mean), int(count))), axis=1)
        tensors["thresholds"] = np.ceil(steps).astype(np.int64)
    return kind_of(layer.kind).completed(replace(layer, tensors=tensors))
