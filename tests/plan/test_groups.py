"""Groups: what is remembered of layers is what would be worked out anew, whatever was planned before."""

import pytest

from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import kind_of
from hwcodesign.plan import groups, memory, options, plan
from hwcodesign.plan.groups import Group
from hwcodesign.plan.memory import cheaper_storage, logic_resources
from tests.graphs import tiny_squeezenet

BOARD, OTHER = load_board("ulx3s-85f"), load_board("icebreaker")
REMEMBERING = (
    groups._group,
    groups._possible_foldings,
    groups.converters,
    options.every_option,
    options._fifo,
    memory._logic_resources,
    memory.cheaper_storage,
    memory.options,
)


def forget() -> None:
    for function in REMEMBERING:
        function.cache_clear()


def test_a_plan_does_not_depend_on_what_was_planned_before():
    for bits in (2, 3, 4):
        for board in (OTHER, BOARD):
            plan(tiny_squeezenet(bits), board, frame_rate=1000)
    warm = plan(tiny_squeezenet(), BOARD, frame_rate=1000)
    forget()
    cold = plan(tiny_squeezenet(), BOARD, frame_rate=1000)
    assert (warm.summary(), warm.foldings, warm.storage) == (cold.summary(), cold.foldings, cold.storage)
    assert warm.design.layers == cold.design.layers


def test_networks_that_share_layers_share_what_is_known_of_them():
    first, second = (groups.groups(tiny_squeezenet(bypass=bypass), BOARD) for bypass in ("none", "simple"))
    assert first[("fire2.squeeze",)] is second[("fire2.squeeze",)]
    assert groups.groups(tiny_squeezenet(3), BOARD)[("fire2.squeeze",)] is not first[("fire2.squeeze",)]
    assert groups.groups(tiny_squeezenet(), OTHER)[("fire2.squeeze",)] is not first[("fire2.squeeze",)]


@pytest.mark.parametrize("names", [("fire2.squeeze",), ("fire2.expand3x3.window", "fire2.expand3x3")])
def test_a_groups_numbers_are_its_layers(names):
    net = tiny_squeezenet()
    layers = [net.by_name[name] for name in names]
    group = Group(tuple(layer.bare for layer in layers), BOARD)
    for combination, cycles, slowest in zip(group.combinations, group.cycles, group.slowest, strict=True):
        pairs = list(zip(layers, combination, strict=True))
        assert all(folding in kind_of(layer.kind).foldings(layer) for layer, folding in pairs)
        assert cycles == tuple(kind_of(layer.kind).cycles(layer, folding) for layer, folding in pairs)
        assert slowest == max(cycles)
    windows = len(layers) > 1
    whole = [combination for combination in group.combinations if windows and combination[0].simd > 1]
    for combination in (group.combinations[0], group.combinations[-1], *whole[:1]):
        pairs = list(zip(layers, combination, strict=True))
        taken = sum((logic_resources(BOARD.device, layer, folding) for layer, folding in pairs), Resources())
        memories = [m for layer, folding in pairs for m in kind_of(layer.kind).memories(layer, folding)]
        taken += sum((cheaper_storage(BOARD, memory)[1] for memory in memories), Resources())
        lanes = [kind_of(layer.kind).lanes(layer, folding) for layer, folding in pairs]
        converted = windows and lanes[0][1] != lanes[1][0]
        assert (group.taken(combination) != taken) == converted
        assert group.taken(combination).block_ram == taken.block_ram
    assert bool(whole) == windows


def test_a_board_that_leaves_nothing_is_the_board_itself():
    assert BOARD.leaving({}) is BOARD
    assert BOARD.leaving({"lut": 9}) is BOARD.leaving({"lut": 9})
    assert BOARD.leaving({"lut": 9}).usable["lut"] == 9
    assert BOARD.leaving({"lut": 9}).leaving({}).usable == BOARD.usable
    assert load_board("ulx3s-85f") is BOARD
