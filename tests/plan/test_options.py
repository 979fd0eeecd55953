"""Options: the cheapest combination is that of trying all, whatever was asked before."""

from hwcodesign.dataflow import Layer
from hwcodesign.fpga.board import load_board
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan.groups import converters, groups
from hwcodesign.plan.memory import cheaper_storage, logic_resources
from hwcodesign.plan.options import Entering, Options, every_option, waiting_windows
from tests.graphs import tiny_squeezenet

BOARD = load_board("ulx3s-85f")
GROUPS = groups(tiny_squeezenet(), BOARD)
CYCLES = 4_000


def test_those_that_are_fast_enough_and_no_others() -> None:
    for group in GROUPS.values():
        found = every_option(group, CYCLES)
        assert found is every_option(group, CYCLES)
        expected = [c for c, n in zip(group.combinations, group.slowest, strict=True) if n <= CYCLES]
        assert list(found.combinations) == expected
        assert found.least == tuple(min(cycles[i] for cycles in group.cycles) for i in range(len(group.layers)))
        assert found.least_together == min(group.slowest)


def test_some_numbers_are_looked_at_alone() -> None:
    group = max(GROUPS.values(), key=lambda group: len(group.combinations))
    last = len(group.combinations) - 1
    few = Options(group, CYCLES, [last])
    assert few.least == group.cycles[last] and few.least_together == group.slowest[last]
    assert few.cheapest(()) == group.combinations[last]


def test_the_cheapest_takes_the_least_with_its_converters() -> None:
    group = GROUPS[("fire2.squeeze",)]
    (layer,) = group.layers
    found = every_option(group, CYCLES)

    def share(option: tuple[Folding, ...], sent: int) -> float:
        needed, _ = kind_of(layer.kind).lanes(layer, option[0])
        return (group.taken(option) + converters(BOARD.device, layer.input, sent, needed)).share(BOARD)

    lanes = {kind_of(layer.kind).lanes(layer, option[0])[0] for option in found.combinations}
    assert len(lanes) > 1
    for sent in (*lanes, *lanes):  # the second time it is remembered
        assert share(found.cheapest((Entering(0, 0, sent),)), sent) == min(share(o, sent) for o in found.combinations)


def test_windows_that_wait_take_a_fifo() -> None:
    window, reader = GROUPS[("fire2.expand3x3.window", "fire2.expand3x3")].layers
    taken = waiting_windows(window, reader, Folding(), BOARD, CYCLES)
    fifo = Layer("", "fifo", (window.output,), (window.output,), {"depth": 2})
    least = logic_resources(BOARD.device, fifo, Folding(window.output.channels))
    for memory in kind_of("fifo").memories(fifo, Folding(window.output.channels)):
        least += cheaper_storage(BOARD, memory)[1]
    assert taken.share(BOARD) >= least.share(BOARD) > 0
