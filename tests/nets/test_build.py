"""The PyTorch networks equal their description, and a frozen network is exact integer arithmetic."""

import numpy as np
import pytest
import torch
from brevitas.nn import QuantReLU

from hwcodesign.core.errors import UserError
from hwcodesign.nets.build import float_module, freeze, quantized_module, score_map
from hwcodesign.nets.network import INPUT, AvgPool, Conv, GlobalAvgPool, MaxPool, Network, Quantization
from hwcodesign.nets.squeezenet import SqueezeNet

SMALL = SqueezeNet(base_e=4, incr_e=4, SR=0.5, fire_modules=3, conv1_filters=4, conv1_kernel=3, conv1_stride=1,
                   conv1_pad=1, pool_after=("conv1",), pool_kernel=2, bypass="complex")  # fmt: skip
NETWORK = SMALL.describe((8, 8, 1), 5)
CLASSIFIER = Network("classifier", (6, 6, 1), 3, (
    Conv("conv1", INPUT, 4, kernel=3, quantizer="conv1.quantizer"),
    Conv("scores", "conv1", 3, kernel=4),
))  # fmt: skip

LINEAR = Network("linear", (4, 4, 1), 3, (Conv("scores", INPUT, 3, kernel=4),))


def trained_a_little(network: Network, quantization: Quantization, **pixels: float) -> torch.nn.Module:
    """Random weights, and batch norm statistics of random images."""
    torch.manual_seed(1)
    model = quantized_module(network, quantization, **pixels)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".norm." in name:
                parameter.add_(0.3 * torch.randn_like(parameter))
        for _ in range(20):
            model(random_images(network, 16))
    return model.eval()


def random_images(network: Network, count: int) -> torch.Tensor:
    height, width, channels = network.input_shape
    return torch.randint(0, 256, (count, channels, height, width)).float()


@pytest.mark.parametrize("bypass", ["none", "complex"])
def test_the_float_network_has_the_described_parameters(bypass):
    network = SqueezeNet(bypass=bypass).describe((224, 224, 3), 1000)
    model = float_module(network)
    for conv in network.convolutions:
        counted = sum(p.numel() for p in model.get_submodule(conv.name).parameters())
        assert counted == network.parameters(conv), conv.name
    assert sum(p.numel() for p in model.parameters()) == sum(map(network.parameters, network.convolutions))


@pytest.mark.parametrize("make", [float_module, lambda network: quantized_module(network, Quantization())])
def test_every_value_has_the_described_shape(make):
    model, seen = make(NETWORK), {}
    for node in NETWORK.nodes:
        keep = lambda _m, _i, out, name=node.name: seen.__setitem__(name, tuple(out.shape))  # noqa: E731
        model.get_submodule(node.name).register_forward_hook(keep)
    assert model(random_images(NETWORK, 2)).shape == (2, 5)
    for node in NETWORK.nodes:
        rows, columns, channels = NETWORK.shapes[node.name]
        assert seen[node.name] == (2, channels, rows, columns), node.name


def test_nodes_that_name_one_quantizer_share_the_instance():
    model = quantized_module(NETWORK, Quantization())
    named = {node.quantizer for node in NETWORK.nodes if getattr(node, "quantizer", None)}
    assert sum(isinstance(module, QuantReLU) for module in model.modules()) == len(named)


@pytest.mark.parametrize("bits", range(1, 9))
def test_weights_keep_within_their_bits_and_are_symmetric(bits):
    model = freeze(quantized_module(CLASSIFIER, Quantization(weight_bits=bits)))
    allowed = {-1, 1} if bits == 1 else set(range(1 - 2 ** (bits - 1), 2 ** (bits - 1)))
    for name in ("conv1", "scores"):
        layer = model.get_submodule(name)
        assert set(layer.integers.numpy().flat) <= allowed


def test_first_and_last_layer_have_bits_of_their_own():
    quantization = Quantization(weight_bits=2, first_weight_bits=8, last_weight_bits=4)
    model = quantized_module(NETWORK, quantization)
    bits = {c.name: int(model.get_submodule(c.name).weight_quant.bit_width()) for c in NETWORK.convolutions}
    assert bits.pop("conv1") == 8
    assert bits.pop("conv5") == 4
    assert set(bits.values()) == {2}


def test_raw_scores_have_one_scale_and_no_batch_norm():
    scores = freeze(quantized_module(CLASSIFIER, Quantization())).get_submodule("scores")
    assert scores.scale.numel() == 1
    assert scores.norm is None


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_frozen_equals_brevitas_on_a_small_network(bits):
    """Small sums seldom lie on a rounding boundary: float32 and float64 agree here, to float32's precision."""
    model = trained_a_little(NETWORK, Quantization(bits, bits))
    images = random_images(NETWORK, 32)
    with torch.no_grad():
        torch.testing.assert_close(freeze(model)(images.double()).float(), model(images), rtol=1e-5, atol=1e-5)


def test_bipolar_frozen_equals_brevitas():
    model = trained_a_little(CLASSIFIER, Quantization(1, 1))
    images = random_images(CLASSIFIER, 32)
    with torch.no_grad():
        torch.testing.assert_close(freeze(model)(images.double()).float(), model(images), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("network", "bits"), [(NETWORK, 4), (NETWORK, 2), (CLASSIFIER, 1), (CLASSIFIER, 4), (LINEAR, 4)]
)
def test_scores_are_whole_multiples_of_the_score_step(network, bits):
    exact = freeze(trained_a_little(network, Quantization(bits, bits)))
    with torch.no_grad():
        scores = exact(random_images(network, 32).double()).numpy() / score_map(exact).scale[0]
    assert np.abs(scores - np.rint(scores)).max() < 1e-9
    assert len(np.unique(np.rint(scores))) > 3


def test_a_frozen_layer_is_integer_arithmetic_with_thresholds():
    """conv1 by hand: integer weights on raw pixels, then batch norm, rounding and clipping in float64."""
    exact = freeze(trained_a_little(CLASSIFIER, Quantization(), mean=100.0, divisor=64.0))
    images = random_images(CLASSIFIER, 4)
    layer, quantizer = exact.get_submodule("conv1"), exact.get_submodule("conv1.quantizer")
    weights = layer.integers.numpy().astype(int)[:, 0]
    windows = np.lib.stride_tricks.sliding_window_view(images[:, 0].numpy().astype(int), (3, 3), axis=(1, 2))
    sums = np.einsum("nyxab,oab->noyx", windows, weights) - 100 * weights.sum((1, 2))[:, None, None]
    norm, scale = layer.norm, layer.scale.numpy().reshape(-1, 1, 1)
    mean, deviation, gain, offset = (t.detach().numpy().reshape(-1, 1, 1) for t in (
        norm.running_mean, torch.sqrt(norm.running_var + norm.eps), norm.weight, norm.bias))  # fmt: skip
    real = (sums * scale / 64 - mean) / deviation * gain + offset
    expected = np.clip(np.rint(real / float(quantizer.scale)), 0, 15)
    with torch.no_grad():
        got = quantizer(layer(exact.pixels(images.double()))) / quantizer.scale
    assert np.array_equal(np.rint(got.numpy()), expected)
    assert len(np.unique(expected)) > 8


def test_freezing_leaves_the_trained_network_alone():
    model = trained_a_little(NETWORK, Quantization())
    images = random_images(NETWORK, 4)
    with torch.no_grad():
        before = model(images)
        freeze(model)
        assert torch.equal(model(images), before)
    assert next(model.parameters()).dtype == torch.float32


@pytest.mark.parametrize(
    ("network", "quantization", "mean", "message"),
    [
        (NETWORK, Quantization(), 33.0, r"conv1: data.mean = 33 cannot be folded"),
        (LINEAR, Quantization(), 5.0,
         r"scores: data.mean = 5 cannot be folded into raw scores"),
        (NETWORK, Quantization(4, 1), 0.0, r"fire2.expand3x3: 1-bit activations .* padding"),
        (Network("p", (8, 8, 1), 4, (MaxPool("m", INPUT, 2, 2), Conv("c", "m", 4, 3, pad=1, quantizer="q"))),
         Quantization(), 9.0, r"c: data.mean = 9 cannot be folded into a layer that pads"),
        (Network("p", (8, 8, 1), 4, (Conv("c", INPUT, 4, quantizer="q"), AvgPool("a", "c", 3, 2, 1))),
         Quantization(4, 1), 0.0, r"a: 1-bit activations .* padding"),
        (Network("p", (8, 8, 1), 4, (Conv("c", INPUT, 4, quantizer="q"), AvgPool("a", "c", 3, 2, ceil=True))),
         Quantization(), 0.0, r"a: its border cuts windows off, which average fewer pixels"),
        (Network("g", (8, 8, 4), 6, (Conv("c", INPUT, 6, groups=4), GlobalAvgPool("p", "c"))),
         Quantization(), 0.0, r"c: 4 groups must divide its 6 filters and its 4 input channels; nearest: 1 or 2"),
    ],
)  # fmt: skip
def test_what_hardware_could_not_compute_is_refused(network, quantization, mean, message):
    with pytest.raises(UserError, match=message):
        quantized_module(network, quantization, mean=mean)
