"""What-ifs: the grammar, every sort of change, the verdict, and what is refused."""

import pytest

from hwcodesign.analyze.edit import GRAMMAR, Edit, apply, parse
from hwcodesign.analyze.subject import find_subject
from hwcodesign.analyze.what_if import what_if
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
    ("text", "verdict"),
    [
        ("input.channels=12", "local"),
        ("conv8.filters*=4", "local"),
        ("conv3.filters*=2", "local"),  # through pool3 to conv4
        ("classes=4000", "local"),
        ("conv7.kernel=6,pad=2", "global"),
        ("remove=pool3", "global"),
        ("input.size=454", "global"),
        ("conv8.filters*=4; input.size=454", "global"),
        ("conv8.filters=384", "local"),  # no change at all
    ],
)
def test_local_and_global(text, verdict):
    assert what_if(find_subject("NiN"), text).verdict == verdict


def test_a_global_change_names_what_it_reaches():
    assert what_if(find_subject("NiN"), "conv7.kernel=6,pad=2").beyond == ("conv9", "pool9")


def test_layers_before_and_after():
    result = what_if(find_subject("nin"), "remove=pool3; conv8.filters*=4")
    pairs = {(new or old).name: (old, new) for old, new in result.pairs}
    assert len(pairs) == len(result.before.layers)
    assert pairs["pool3"][1] is None
    old, new = pairs["conv8"]
    assert new.parameters == 4 * old.parameters
    old, new = pairs["conv1"]
    assert old == new


@pytest.mark.parametrize(
    "text", ["", "foo", "conv1.filters", "conv8.filters-=3", "=3", "conv8.filters=4,,", "conv8.filters="]
)
def test_what_cannot_be_read_shows_the_grammar(text):
    with pytest.raises(UserError) as error:
        parse(text)
    assert "cannot read" in str(error.value) and GRAMMAR in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("nin", "conv99.kernel=9", r"nin has no layer 'conv99': did you mean 'conv9'"),
        ("nin", "remove=pool33", r"nin has no layer 'pool33': did you mean 'pool3'"),
        ("nin", "conv1.pads=3", r"conv1 has no 'pads' to change: did you mean 'pad'"),
        ("nin", "pool12.kernel=3", r"pool12 has no 'kernel' to change: it has none"),
        ("nin", "clases=3", r"no 'clases' to change in NiN: did you mean 'classes'"),
        ("nin", "input.depth=3", r"no 'input.depth' to change in NiN: did you mean 'input"),
        ("nin", "conv8.filters=0", r"makes conv8.filters 0; it must be a whole number of at least 1, .* nearest is 1"),
        ("nin", "conv8.filters=-4", r"makes conv8.filters -4; .* nearest is 1"),
        ("nin", "conv8.filters*=0.3", r"makes conv8.filters 115.2; .* nearest is 115"),
        ("nin", "conv8.filters/=0", r"'0' is no number that can be used here"),
        ("nin", "input.size=0", r"makes input.size 0; .* at least 1"),
        ("nin", "input.size=big", r"'big' is no number"),
        ("nin", "conv7.kernel=99", r"conv7: its 99x99 kernel is larger than its input of 15 pixels"),
        ("nin", "input.size=30", r"pool6: its 3x3 kernel is larger than its input"),
        ("nin", "filters*=2", r"filters = \(96, 256, 384, 1024\) is not a number that could be scaled; use ="),
        ("squeezenet", "bypass=cmplex", r"network.bypass = 'cmplex': Input should be 'none', 'simple' or 'complex'"),
        ("squeezenet", "bypass=simple; remove=fire3.add", r"it joins fire2.concat and fire3.concat"),
        ("squeezenet", "bypass=simple; fire3.expand1x1.filters=32", r"fire3.add: its inputs must have equal shapes"),
        ("alexnet", "conv2.groups=5", r"conv2: 5 groups must divide its 256 filters and its 96 input channels"),
        ("alexnet", "input.size=227x163", r"fc6: a fully connected layer needs a square input"),
    ],
)
def test_a_change_that_makes_no_network_is_refused(name, text, message):
    with pytest.raises(UserError, match=message):
        what_if(find_subject(name), text)


def test_names_are_found_however_they_are_written():
    assert find_subject("VGG-19").family == find_subject("vgg19").family == find_subject("vgg").family == "vgg"
    recipe = find_subject("zynqnet-nano")
    assert (recipe.family, recipe.board, recipe.image) == ("zynqnet", "ulx3s-85f", (16, 16, 1))
    with pytest.raises(UserError, match=r"no network or recipe 'squeezent': did you mean 'squeezenet'"):
        find_subject("squeezent")
