"""SqueezeNet v1.0 to the parameter, its bypasses, and metaparameters that make no network."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.nets.network import Add, Conv, MaxPool, Network
from hwcodesign.nets.squeezenet import SqueezeNet

IMAGENET = ((224, 224, 3), 1000)
# F. Iandola's dissertation, Table 5.1.
TABLE_5_1 = {
    "conv1": 14_208,
    "fire2": 11_920,
    "fire3": 12_432,
    "fire4": 45_344,
    "fire5": 49_440,
    "fire6": 104_880,
    "fire7": 111_024,
    "fire8": 188_992,
    "fire9": 197_184,
    "conv10": 513_000,
}


def parameters_by_module(network: Network) -> dict[str, int]:
    counts: dict[str, int] = {}
    for conv in network.convolutions:
        module = conv.name.split(".")[0]
        counts[module] = counts.get(module, 0) + network.parameters(conv)
    return counts


def test_defaults_are_version_1_0_to_the_parameter():
    counts = parameters_by_module(SqueezeNet().describe(*IMAGENET))
    assert counts == TABLE_5_1
    assert sum(counts.values()) == 1_248_424


def test_simple_bypass_costs_nothing_and_stands_around_fire_3_5_7_9():
    network = SqueezeNet(bypass="simple").describe(*IMAGENET)
    adds = {node.name: node for node in network.nodes if isinstance(node, Add)}
    assert list(adds) == ["fire3.add", "fire5.add", "fire7.add", "fire9.add"]
    assert adds["fire3.add"].inputs == ("fire2.concat", "fire3.concat")
    assert adds["fire5.add"].inputs == ("pool4", "fire5.concat")
    assert parameters_by_module(network) == TABLE_5_1


def test_complex_bypass_adds_1x1_convolutions_around_the_others():
    network = SqueezeNet(bypass="complex").describe(*IMAGENET)
    extra = {c.name: network.parameters(c) for c in network.convolutions if c.name.endswith(".bypass")}
    assert extra == {
        "fire2.bypass": 96 * 128 + 128,
        "fire4.bypass": 128 * 256 + 256,
        "fire6.bypass": 256 * 384 + 384,
        "fire8.bypass": 384 * 512 + 512,
    }
    assert sum(parameters_by_module(network).values()) == 1_589_672


@pytest.mark.parametrize("bypass", ["none", "simple", "complex"])
@pytest.mark.parametrize("freq", [1, 2, 3])
def test_what_is_added_or_concatenated_shares_one_quantizer(bypass, freq):
    network = SqueezeNet(bypass=bypass, freq=freq).describe(*IMAGENET)
    quantizer: dict[str, str] = {}
    for node in network.nodes:
        sources = {quantizer[name] for name in node.inputs if name in quantizer}
        if isinstance(node, Conv):
            quantizer[node.name] = node.quantizer
            continue
        assert len(sources) == 1, node.name
        quantizer[node.name] = node.quantizer if isinstance(node, Add) else sources.pop()


def test_filters_follow_the_equations():
    metaparameters = SqueezeNet(base_e=16, incr_e=8, freq=3, fire_modules=7, pct_3x3=0.75, SR=0.5, pool_after=())
    network = metaparameters.describe((32, 32, 3), 10)
    filters = {conv.name: conv.filters for conv in network.convolutions}
    for i in range(7):
        e = 16 + 8 * (i // 3)
        fire = (filters[f"fire{i + 2}.{part}"] for part in ("squeeze", "expand1x1", "expand3x3"))
        assert tuple(fire) == (e // 2, e // 4, e * 3 // 4)
    assert filters["conv9"] == 10


def test_pools_stand_where_the_metaparameters_say():
    network = SqueezeNet().describe(*IMAGENET)
    pools = {node.name: node.input for node in network.nodes if isinstance(node, MaxPool)}
    assert pools == {"pool1": "conv1", "pool4": "fire4.concat", "pool8": "fire8.concat"}
    assert [network.shapes[name][:2] for name in ("conv1", *pools)] == [(109, 109), (54, 54), (26, 26), (12, 12)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"pct_3x3": 0.3}, r"pct_3x3 = 0.3: .*nearest that is: 0.296875"),
        ({"pct_3x3": 0.001}, r"pct_3x3 = 0.001: .*nearest that is: 0.0078125"),
        ({"pct_3x3": 0.999}, r"pct_3x3 = 0.999: .*nearest that is: 0.992188"),
        ({"SR": 0.001}, r"SR = 0.001: .*nearest that is: 0.0078125"),
        ({"base_e": 3, "incr_e": 2}, r"base_e = 3: .*no common divisor"),
        ({"pool_after": ("fire22",)}, r"pool_after = 'fire22': did you mean 'fire2'"),
        ({"fire_modules": 2, "pool_after": ("fire4",)}, r"pool_after = 'fire4'"),
    ],
)
def test_metaparameters_that_make_no_network(values, message):
    with pytest.raises(UserError, match=message):
        SqueezeNet(**values).describe(*IMAGENET)


def test_the_nearest_legal_ratio_that_a_message_names_is_legal():
    with pytest.raises(UserError) as refused:
        SqueezeNet(SR=0.3).describe(*IMAGENET)
    nearest = float(str(refused.value).rsplit(" ", 1)[1])
    assert SqueezeNet(SR=nearest).describe(*IMAGENET)


def test_an_image_too_small_names_the_layer():
    with pytest.raises(UserError, match=r"pool8: its 3x3 kernel is larger than its input"):
        SqueezeNet().describe((32, 32, 3), 10)


@pytest.mark.parametrize(
    ("modules", "pools"), [(2, ["pool1"]), (3, ["pool1", "pool4"]), (8, ["pool1", "pool4", "pool8"])]
)
def test_pools_follow_the_number_of_fire_modules(modules: int, pools: list[str]) -> None:
    nodes = SqueezeNet(fire_modules=modules).describe((224, 224, 3), 10).nodes
    assert [node.name for node in nodes if isinstance(node, MaxPool)] == pools
