"""As late as possible: the output is as early as before, and fewer bits wait where that is what delays are for."""

import numpy as np

from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from hwcodesign.plan.alap_schedule import as_late_as_possible
from hwcodesign.plan.insert_streams import is_fifo
from hwcodesign.plan.schedule import Schedule, schedule
from tests.graphs import one_fire, tiny_squeezenet

BOARD = load_board("ulx3s-85f")


def test_the_designs_own_ends_do_not_move_and_no_offer_is_earlier() -> None:
    made = plan(one_fire(6, 1), BOARD, frame_rate=20_000)
    soon = schedule(made.design, made.foldings, 3, made.cycles_per_frame)
    late = as_late_as_possible(made.design, made.foldings, soon, 3)
    assert late.input is soon.input and late.output is soon.output
    for edge in made.design.edges:
        assert (late.offered[edge].first >= soon.offered[edge].first).all(), edge


def test_no_more_bits_wait_in_fifos_than_before() -> None:
    """Bits times cycles from a FIFO's input to its output: delays are there to make that less."""
    made = plan(tiny_squeezenet(bypass="simple"), BOARD, frame_rate=20_000)
    soon = schedule(made.design, made.foldings, 3, made.cycles_per_frame)
    late = as_late_as_possible(made.design, made.foldings, soon, 3)

    def waiting(times: Schedule) -> int:
        total = 0
        for layer in filter(is_fifo, made.design.layers):
            (into,), (out,) = made.design.edges_into(layer.name), made.design.edges_from(layer.name)
            cycles = int(np.sum(times.taken[out].last - times.offered[into].last))
            total += cycles * layer.output.type.bits * layer.output.channels
        return total

    assert waiting(late) <= waiting(soon)
    assert any((late.offered[edge].first > soon.offered[edge].first).any() for edge in made.design.edges)
