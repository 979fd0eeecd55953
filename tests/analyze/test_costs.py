"""Costs against PyTorch: parameters of its modules, operations counted by hooks while they run."""

import math

import pytest
import torch
from torch import nn

from hwcodesign.analyze.costs import costs
from hwcodesign.core.windows import both
from hwcodesign.nets import blocks, metaparameters, standards
from hwcodesign.nets.build import float_module
from hwcodesign.nets.network import Quantization

# VGG-19 has half a gigabyte of weights; on the meta device shapes run without them.
DEVICES = {"vgg": "meta"}
VARIANTS = [(name, {}) for name in standards() if name != "chain"]
VARIANTS += [("squeezenet", {"bypass": "simple"}), ("squeezenet", {"bypass": "complex"}), ("alexnet", {"groups": 1})]


def hook_counted(model, *images):
    """(operations, activations) of the layers that run when `model` sees `images`."""
    totals = {"operations": 0, "activations": 0}

    def count(module, inputs, output):
        match module:
            case nn.Conv2d() | nn.Linear():
                per_value = 2 * module.weight[0].numel()
            case nn.MaxPool2d() | nn.AvgPool2d():
                per_value = math.prod(both(module.kernel_size))
            case nn.AdaptiveAvgPool2d():
                per_value = inputs[0].numel() // output.numel()
            case nn.LocalResponseNorm():
                per_value = module.size
            case blocks.Add():
                per_value = 1
            case _:
                return
        totals["operations"] += per_value * output.numel()
        totals["activations"] += output.numel()

    for module in model.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        model(*images)
    return totals["operations"], totals["activations"]


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_every_family_costs_what_pytorch_counts(name, values):
    image, classes = standards()[name].image, standards()[name].classes
    network = metaparameters(name, values).describe(image, classes)
    total = costs(network)
    with torch.device(DEVICES.get(name, "cpu")):
        model = float_module(network).eval()
        counted = hook_counted(model, torch.zeros(1, image[2], *image[:2]))
    assert total.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert (total.operations, total.activations) == counted


def test_alexnet_costs_what_a_module_written_by_hand_counts():
    def block(*layers):
        return [*layers, nn.ReLU()]

    by_hand = nn.Sequential(
        *block(nn.Conv2d(3, 96, 11, 4)), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        *block(nn.Conv2d(96, 256, 5, padding=2, groups=2)), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        *block(nn.Conv2d(256, 384, 3, padding=1)), *block(nn.Conv2d(384, 384, 3, padding=1, groups=2)),
        *block(nn.Conv2d(384, 256, 3, padding=1, groups=2)), nn.MaxPool2d(3, 2), nn.Flatten(),
        *block(nn.Linear(9216, 4096)), *block(nn.Linear(4096, 4096)), nn.Linear(4096, 1000),
    )  # fmt: skip
    total = costs(metaparameters("alexnet", {}).describe((227, 227, 3), 1000))
    assert total.parameters == sum(parameter.numel() for parameter in by_hand.parameters())
    assert (total.operations, total.activations) == hook_counted(by_hand, torch.zeros(1, 3, 227, 227))


def test_layers_and_totals_of_a_quantized_network():
    network = metaparameters("lenet", {}).describe((32, 32, 1), 10)
    total = costs(network, Quantization(weight_bits=4, activation_bits=2, first_weight_bits=8), "LeNet in bits")
    conv1, pool2, last = total.layers[0], total.layers[1], total.layers[-1]
    assert (conv1.window, conv1.parameter_bits, conv1.input_bits, conv1.activation_bits) == ("5x5", 8, 8, 2)
    assert conv1.operations == 2 * 28 * 28 * 6 * 25
    assert (pool2.window, pool2.operations, pool2.parameter_bytes) == ("2x2/2", 14 * 14 * 6 * 4, 0)
    assert pool2.activation_bytes == 14 * 14 * 6 * 2 / 8
    assert (last.parameter_bits, last.activation_bits) == (4, 32)  # raw scores
    assert total.parameter_bytes == (61_706 - 156) / 2 + 156
    assert total.training_operations == 3 * total.operations
    assert total.peak_bytes == 32 * 32 + 28 * 28 * 6 / 4  # conv1: pixels of a byte, activations of two bits


def test_a_concatenation_makes_no_activations():
    network = metaparameters("zynqnet", {"fire_modules": 1}).describe((32, 32, 3), 4)
    concat = next(layer for layer in costs(network).layers if layer.name == "fire2.concat")
    assert (concat.activations, concat.operations, concat.parameters) == (0, 0, 0)
    assert concat.inputs == 8 * 8 * 128
