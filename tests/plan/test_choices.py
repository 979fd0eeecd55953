"""The space that the solver searches: dominated choices are left out, the rest adds up."""

from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import kind_of
from hwcodesign.plan.choices import NOTHING, Choices, Taken, choices
from hwcodesign.plan.folding import Target, fast_enough
from hwcodesign.plan.memory import logic_resources, memory_resources
from tests.graphs import one_fire

BOARD = load_board("ulx3s-85f")
TARGET = Target(BOARD, 50.0, None)


def space() -> Choices:
    graph = one_fire(6, 1)
    return choices(graph, TARGET, fast_enough(graph, TARGET, {}))


SPACE = space()


def test_no_worse_is_no_worse_in_everything() -> None:
    few, many = Taken(Resources(lut=1), 1.0), Taken(Resources(lut=2, dsp=1), 1.0)
    assert few.no_worse(many) and not many.no_worse(few) and few.no_worse(few)
    assert not Taken(Resources(ff=1), 0.0).no_worse(few)
    assert (few + many).resources == Resources(lut=3, dsp=1) and (few + NOTHING) == few


def test_every_layer_is_in_one_group_and_every_edge_joins_two() -> None:
    names = [set(group[0].foldings) for group in SPACE.groups]
    assert sum(map(len, names)) == len(SPACE.dataflow.layers) == len(set().union(*names))
    for edge in SPACE.edges:
        assert not any({edge.source, edge.target} <= group for group in names)


def test_a_choice_is_as_slow_as_its_slowest_layer_and_counts_what_it_takes() -> None:
    for group in SPACE.groups:
        choice = group[0]
        if len(choice.foldings) > 1:  # with what stands between the two
            continue
        ((name, folding),) = choice.foldings.items()
        layer = SPACE.dataflow.by_name[name]
        assert choice.cycles == kind_of(layer.kind).cycles(layer, folding)
        memories = {m.name: m for m in kind_of(layer.kind).memories(layer, folding)}
        stored = (memory_resources(BOARD.device, memories[m], where) for (_, m), where in choice.storage.items())
        assert choice.taken.resources == sum(stored, logic_resources(BOARD.device, layer, folding))


def test_no_choice_is_worse_than_another_of_the_same_foldings() -> None:
    for group in SPACE.groups:
        for a in group[:40]:
            same = [b for b in group if b.foldings == a.foldings and b is not a]
            assert not any(b.taken.no_worse(a.taken) and not a.taken.no_worse(b.taken) for b in same)


def test_cycle_counts_rise_and_begin_where_every_group_can_be() -> None:
    counts = SPACE.cycle_counts
    assert counts == sorted(set(counts))
    assert counts[0] == max(min(choice.cycles for choice in group) for group in SPACE.groups)


def test_a_stream_of_other_lanes_takes_more_than_one_of_the_same() -> None:
    edge = SPACE.edges[0]
    assert SPACE.stream(edge, 2, 1).resources.ff > SPACE.stream(edge, 1, 1).resources.ff >= 0
