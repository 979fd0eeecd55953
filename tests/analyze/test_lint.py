"""The four rules, each on a network that keeps it and on one that breaks it."""

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.edit import apply, parse
from hwcodesign.analyze.lint import lint
from hwcodesign.analyze.subject import find_subject
from hwcodesign.fpga.board import load_board
from hwcodesign.nets.network import INPUT, Add, Conv, GlobalAvgPool, MaxPool, Network, Quantization

W4A4 = Quantization()


def findings(network, rule, board=None, quantization=W4A4):
    return {finding.layer: finding for finding in lint(network, quantization, board) if finding.rule == rule}


def network(*nodes, size=8):
    return Network("n", (size, size, 1), 4, nodes)


def test_rule_1_parameters_on_the_chip():
    squeezenet = find_subject("squeezenet").network()
    board = load_board("ulx3s-85f")
    assert 3 * 1_244_448 < board.memory_bits < 4 * 1_244_448
    found = findings(squeezenet, 1, board)
    assert list(found) == ["conv10", "fire8.expand3x3", "fire9.expand3x3"]  # the largest first
    too_few = (4 * 1_244_448 - board.memory_bits) / 1e6
    assert "holds 2.05 of 4.98 Mbit of weights; ulx3s-85f can give" in found["conv10"].finding
    assert f"{too_few:.2f} Mbit too few" in found["conv10"].finding
    assert "frees 1.02 Mbit" in found["conv10"].gain
    assert findings(squeezenet, 1, load_board("zcu104")) == {}
    assert findings(squeezenet, 1, board, Quantization(weight_bits=3)) == {}
    assert findings(squeezenet, 1) == {}  # no board, no finding


def test_rule_1_counts_large_ram_where_weights_are_loaded():
    zynqnet, board = find_subject("zynqnet").network(), load_board("kv260")
    (first, *_) = [finding for finding in lint(zynqnet, W4A4, board) if finding.rule == 1]
    assert "Mbit of ROM" in first.finding
    assert not [finding for finding in lint(zynqnet, W4A4, board, load_weights=True) if finding.rule == 1]


def test_rule_2_powers_of_two():
    subject = find_subject("zynqnet")
    found = findings(subject.network(), 2)
    assert list(found) == [f"fire7.expand{k}" for k in ("1x1", "3x3")] + ["fire8.squeeze", "fire9.squeeze"] + [
        f"fire9.expand{k}" for k in ("1x1", "3x3")
    ]
    assert found["fire8.squeeze"].gain == "with 128, folds by every power of two"
    rounded = apply(subject, parse("fire8.squeeze.filters=128"))[1]
    more = costs(rounded).parameters - costs(subject.network()).parameters
    assert found["fire8.squeeze"].price.startswith(f"+{more:,} parameters")


def test_rule_2_scores_are_never_rounded_down():
    found = findings(find_subject("zynqnet-nano").network(), 2)
    assert {name: finding.gain for name, finding in found.items()} == {
        "conv6.split1": "with 8, folds by every power of two",
        "conv6.split2": "with 8, folds by every power of two",
    }


def test_rule_2_sides_of_maps():
    found = findings(find_subject("nin").network(), 2)
    assert found[INPUT].finding == "227x227 pixels and 15 feature maps"
    assert found[INPUT].price.startswith("with an image of 256x256: +0 parameters (+0.0%), +32.2% operations")
    inside = findings(network(Conv("conv", INPUT, 4, 3), GlobalAvgPool("pool", "conv")), 2)
    assert inside["conv"].finding == "6x6 pixels"
    assert "the image has powers of two already" in inside["conv"].price


def test_rule_2_what_cannot_be_rounded_alone_says_so():
    nodes = (Conv("a", INPUT, 6), Conv("b", INPUT, 6), Add("sum", ("a", "b"), "q"), GlobalAvgPool("pool", "sum"))
    assert "not by itself: sum: its inputs must have equal shapes" in findings(network(*nodes), 2)["a"].price


def test_rule_3_strides_instead_of_pools():
    assert findings(find_subject("zynqnet").network(), 3) == {}
    pooled = network(
        Conv("conv1", INPUT, 4, 3, pad=1),
        MaxPool("pool1", "conv1", 2, 2),
        Conv("conv2", "pool1", 8),
        MaxPool("pool2", "conv2", 2, 2),
        GlobalAvgPool("pool", "pool2"),
    )
    found = findings(pooled, 3)
    # conv2 (1x1, 4 to 8 channels) takes pool1's 2x2 window: 3 more weights for each of 32, on 4x4 pixels.
    assert found["pool1"].gain == "stride 2 in conv2 saves the pool: its line buffer and 0.000256 M operations"
    assert found["pool1"].price.startswith("+96 weights, +0.00307 M operations")
    # Behind pool2 is no convolution, so the one before it strides: 2*32 operations on 12 of its 16 pixels go.
    assert found["pool2"].gain.endswith("and 0.000768 M operations of conv2")
    assert found["pool2"].price.startswith("none in parameters")


def test_rule_4_activation_volumes():
    equal = network(Conv("a", INPUT, 4), Conv("b", "a", 16, 2, 2), Conv("c", "b", 16), GlobalAvgPool("pool", "c"))
    assert findings(equal, 4) == {}
    unequal = network(*equal.nodes[:3], Conv("d", "c", 256), GlobalAvgPool("pool", "d"))
    found = findings(unequal, 4)
    assert list(found) == ["d"]
    assert found["d"].finding == "4,096 activations, 16.0 times the middle layer's 256"
    assert "leaves 1,024 here" in found["d"].gain
