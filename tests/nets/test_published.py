"""The families' defaults against what their papers print, and what their descriptions refuse."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.nets import metaparameters, standards
from hwcodesign.nets.classifier import refitted
from hwcodesign.nets.network import Conv, MaxPool, Network, Quantization, require_hardware, whole_windows


def standard(name, **values):
    image, classes = standards()[name].image, standards()[name].classes
    return metaparameters(name, values).describe(image, classes)


def counted(network):
    return sum(network.parameters(conv) for conv in network.convolutions)


@pytest.mark.parametrize(
    ("name", "values", "parameters"),
    [
        ("alexnet", {}, 60_965_224),
        ("alexnet", {"groups": 1}, 62_378_344),
        ("googlenet", {}, 6_998_552),
        ("googlenet", {"auxiliary": True}, 13_378_280),
        ("lenet", {}, 61_706),
        ("autoencoder", {}, 269_992 - 4 * 1_032),  # as Keras counts it, less its batch norms
        ("resnet", {}, 78_666 - 4 * 240),
        ("mobilenet", {}, 4_253_864 - 3 * 10_944),  # of Keras' four numbers of every batch norm, its folded bias
        ("dscnn", {}, 24_908 - 4 * 9 * 64),  # as Keras counts it, less its batch norms
        ("vgg1d", {}, 159_832),
        ("mobilenetv2", {}, 3_504_872 - 17_056),  # of torchvision's batch norms all but a bias
        ("squeezedet", {}, 2_082_120),  # 7.9 MiB in 32 bits, as printed
        ("nin", {}, 7_595_176),
        ("vgg", {}, 143_667_240),
        ("vgg", {"convolutions": (2, 2, 3, 3, 3)}, 138_357_544),
        ("zynqnet", {}, 2_524_352 + 4_448),
    ],
)
def test_parameters_as_published(name, values, parameters):
    assert counted(standard(name, **values)) == parameters


def test_zynqnet_as_published():
    network = standard("zynqnet")
    weights = {conv.name: network.weights(conv) for conv in network.convolutions}
    assert sum(weights.values()) == 2_524_352
    assert sum(conv.filters for conv in network.convolutions) == 4_448
    pixels = {name: shape[0] * shape[1] for name, shape in network.shapes.items()}
    assert sum(count * pixels[name] for name, count in weights.items()) == 529_301_504
    assert network.shapes["conv10.concat"] == (8, 8, 1024)
    require_hardware(network)


def test_zynqnet_scales_by_width_modules_and_image():
    network = metaparameters("zynqnet", {"width": 0.25, "fire_modules": 2, "outputs": 10}).describe((32, 32, 3), 10)
    assert {c.name: c.filters for c in network.convolutions} == {
        "conv1": 16, "fire2.squeeze": 4, "fire2.expand1x1": 16, "fire2.expand3x3": 16, "fire3.squeeze": 4,
        "fire3.expand1x1": 16, "fire3.expand3x3": 16, "conv4.split1": 5, "conv4.split2": 5,
    }  # fmt: skip
    assert network.shapes["global_pool"] == (1, 1, 10)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width": 0.3}, r"width = 0.3: 64 filters become 19.2, not a whole number; the nearest that is: 0.3125"),
        ({"outputs": 11}, r"outputs = 11: two parallel convolutions .* 10 classes .* nearest that is allowed: 12"),
        ({"outputs": 8}, r"outputs = 8: .* nearest that is allowed: 10"),
    ],
)
def test_zynqnet_refuses_fractions_of_filters(values, message):
    with pytest.raises(UserError, match=message):
        metaparameters("zynqnet", values).describe((32, 32, 3), 10)


def test_vgg_refuses_blocks_without_filters():
    with pytest.raises(UserError, match="convolutions and filters must have one number for each block"):
        metaparameters("vgg", {"filters": (8, 16)}).describe((32, 32, 3), 10)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("alexnet", ["norm1: no supported hardware layer computes local response normalisation"]),
        (
            "googlenet",
            ["norm2: no supported hardware layer"],
        ),
    ],
)
def test_what_hardware_cannot_compute_is_named(name, layers):
    with pytest.raises(UserError) as error:
        require_hardware(standard(name))
    for layer in layers:
        assert layer in str(error.value)


def test_what_makes_the_windows_of_a_pool_whole():
    pool = MaxPool("pool", "input", 3, 2, ceil=True)
    assert Network("n", (6, 6, 4), 4, (pool,)).shapes["pool"] == (3, 3, 4)
    assert whole_windows(pool, (6, 7, 4)) == (0, 0, 1, 0)
    assert whole_windows(MaxPool("pool", "input", 3, 2, 1, ceil=True), (6, 7, 4)) == (1, 1, 2, 1)
    assert whole_windows(MaxPool("pool", "input", (1, 2), (1, 2)), (6, 7, 4)) == (0, 0, 0, 0)
    require_hardware(standard("nin"))
    with pytest.raises(UserError, match=r"pool: pad = 2x2: a pool pads at most half its kernel of 3x3"):
        require_hardware(Network("n", (6, 6, 4), 4, (MaxPool("pool", "input", 3, 2, 2),)))


def test_a_window_that_would_start_outside_is_not_added():
    # PyTorch and Caffe: 5 pixels, kernel 1, stride 3: windows at 0 and 3; one at 6 would see nothing.
    assert Network("n", (5, 5, 1), 1, (MaxPool("pool", "input", 1, 3, ceil=True),)).shapes["pool"] == (2, 2, 1)


def test_fully_connected_layers_cover_whatever_is_left():
    small = metaparameters("alexnet", {}).describe((99, 99, 3), 10)
    assert next(conv for conv in small.convolutions if conv.name == "fc6").kernel == small.shapes["pool5"][0] == 2
    tall = metaparameters("alexnet", {}).describe((227, 163, 3), 10)
    assert next(conv for conv in tall.convolutions if conv.name == "fc6").kernel == tall.shapes["pool5"][:2] == (6, 4)


def test_refitting_keeps_what_covered_its_input_covering():
    nodes = (MaxPool("pool", "input", 2, 2), Conv("fc", "pool", 3, kernel=4))
    before = Network("n", (8, 8, 1), 3, nodes)
    after = refitted(before, Network("n", (16, 16, 1), 3, nodes))
    assert after.shapes["fc"] == (1, 1, 3)
    kept = refitted(before, Network("n", (16, 16, 1), 3, nodes), but={"fc"})
    assert kept.shapes["fc"] == (5, 5, 3)


def test_weight_bits_of_the_first_and_last_layers():
    bits = standard("lenet").weight_bits(Quantization(4, 4, first_weight_bits=8, last_weight_bits=6))
    assert bits == {"conv1": 8, "conv3": 4, "conv5": 4, "fc6": 4, "fc7": 6}
    parallel = standard("zynqnet").weight_bits(Quantization(last_weight_bits=8))
    assert {name for name, count in parallel.items() if count == 8} == {"conv10.split1", "conv10.split2"}


def test_mobilenet_refuses_a_fraction_of_a_filter():
    with pytest.raises(UserError, match=r"width = 0.3: 32 filters become 9.6, .* the nearest that is: 0.3125"):
        standard("mobilenet", width=0.3)


def test_resnet_around_its_blocks():
    """What goes around is counted in the steps of what it is added to; that has a sign, what leaves has none."""
    network = standard("resnet", blocks=2, filters=(4, 8))
    assert network.signed_quantizers == {f"stage{i}.block{j}.quantizer" for i in (1, 2) for j in (1, 2)}
    for node in network.nodes:
        if node.name.endswith(".add"):
            assert {network.quantizers[name] for name in node.inputs} <= network.signed_quantizers
            assert network.quantizers[node.name] not in network.signed_quantizers
    assert network.shapes["stage2.block2.add"] == (16, 16, 8)
    require_hardware(network)
    with pytest.raises(UserError, match="at least one"):
        standard("resnet", filters=())
