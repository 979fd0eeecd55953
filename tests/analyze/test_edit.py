"""The language of what-ifs: every sort of change, and what cannot be read."""

import pytest

from hwcodesign.analyze.edit import GRAMMAR, Edit, apply, parse
from hwcodesign.analyze.subject import find_subject
from hwcodesign.core.errors import UserError


def changed(name, text):
    return apply(find_subject(name), parse(text))[1]


def conv(network, name):
    return next(node for node in network.convolutions if node.name == name)


def test_a_list_of_changes_is_read():
    assert parse("conv7.kernel=6, pad=2; filters=(1, 2);fire2.squeeze.filters*=3/2") == (
        Edit("conv7", "kernel", "=", "6"),
        Edit("", "pad", "=", "2"),
        Edit("", "filters", "=", "(1, 2)"),
        Edit("fire2.squeeze", "filters", "*=", "3/2"),
    )


def test_a_bare_key_belongs_to_the_layer_before_it_or_to_the_network():
    network = changed("nin", "conv7.kernel=6,pad=2; conv1_stride=2")
    assert (conv(network, "conv7").kernel, conv(network, "conv7").pad) == (6, 2)
    assert conv(network, "conv1").stride == 2


def test_image_and_classes():
    network = changed("nin", "input.size=100x120, input.channels*=4, classes/=10")
    assert (network.input_shape, network.classes) == ((100, 120, 12), 100)
    assert changed("nin", "input.height=200,input.width/=227,input.width*=150").input_shape == (200, 150, 3)
    assert changed("zynqnet", "input.size/=2").input_shape == (128, 128, 3)


def test_metaparameters():
    assert conv(changed("squeezenet", "SR=0.5"), "fire2.squeeze").filters == 64
    assert conv(changed("squeezenet", "SR*=2"), "fire2.squeeze").filters == 32
    assert conv(changed("squeezenet", "base_e*=2"), "fire2.squeeze").filters == 32
    assert conv(changed("vgg-19", "filters=(8,16,32,64,64)"), "conv3_1").filters == 32
    assert "fire2.bypass" in changed("squeezenet", "bypass=complex").shapes


def test_a_removed_layer_hands_its_input_on():
    network = changed("squeezenet", "bypass=simple; remove=pool1; remove=fire3.squeeze")
    assert network.shapes["fire2.concat"] == (*network.shapes["conv1"][:2], 128)
    assert conv(network, "fire3.expand3x3").input == "fire2.concat"


def test_a_fully_connected_layer_follows_its_input():
    network = changed("alexnet", "remove=pool5")
    assert (conv(network, "fc6").kernel, network.shapes["fc8"]) == (13, (1, 1, 1000))
    assert conv(changed("alexnet", "remove=pool5; fc6.kernel=6"), "fc6").kernel == 6


@pytest.mark.parametrize(
    "text", ["", "foo", "conv1.filters", "conv8.filters-=3", "=3", "conv8.filters=4,,", "conv8.filters="]
)
def test_what_cannot_be_read_shows_the_grammar(text):
    with pytest.raises(UserError) as error:
        parse(text)
    assert "cannot read" in str(error.value) and GRAMMAR in str(error.value)
