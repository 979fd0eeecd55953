"""Small whole networks with random weights and thresholds: hardware to test without training or FINN."""

from hwcodesign.dataflow import Dataflow
from hwcodesign.graph.predict import predict
from hwcodesign.graph.random_tensors import randomised
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
