"""What-ifs: before beside after, the verdict, and a change that makes no network."""

import pytest

from hwcodesign.analyze.subject import find_subject
from hwcodesign.analyze.what_if import what_if
from hwcodesign.core.errors import UserError


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
        ("nin", "conv7.kernel=99", r"conv7: its 99x99 kernel is larger than its input of 15x15 pixels"),
        ("nin", "input.size=30", r"pool6: its 3x3 kernel is larger than its input"),
        ("nin", "filters*=2", r"filters = \(96, 256, 384, 1024\) is not a number that could be scaled; use ="),
        ("squeezenet", "bypass=cmplex", r"network.bypass = 'cmplex': Input should be 'none', 'simple' or 'complex'"),
        ("squeezenet", "bypass=simple; remove=fire3.add", r"it joins fire2.concat and fire3.concat"),
        ("squeezenet", "bypass=simple; fire3.expand1x1.filters=32", r"fire3.add: its inputs must have equal shapes"),
        ("alexnet", "conv2.groups=5", r"conv2: 5 groups must divide its 256 filters and its 96 input channels"),
    ],
)
def test_a_change_that_makes_no_network_is_refused(name, text, message):
    with pytest.raises(UserError, match=message):
        what_if(find_subject(name), text)
