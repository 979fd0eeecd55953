"""Half a plan: a lower bound of the whole one, with the same foldings."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import load_board
from hwcodesign.plan.draft import fold_only
from hwcodesign.plan.folding import Target
from tests.graphs import one_fire

BOARD = load_board("ulx3s-85f")
NET = one_fire(6, 1)


@pytest.fixture(scope="module")
def draft():  # type: ignore[no-untyped-def]
    return fold_only(NET, Target(BOARD, 50.0, 10_000.0), {})


def test_the_finished_plan_takes_no_less_than_its_draft(draft) -> None:  # type: ignore[no-untyped-def]
    made, least = draft.finish("as told"), draft.least_resources
    for name in ("lut", "ff", "dsp", "block_ram"):
        assert getattr(least, name) <= getattr(made.total, name)
    assert made.proof == "as told" and made.foldings == draft.foldings


def test_the_plan_is_as_slow_as_its_slowest_layer_at_least(draft) -> None:  # type: ignore[no-untyped-def]
    from hwcodesign.kinds import kind_of

    made = draft.finish()
    cycles = {x.name: kind_of(x.kind).cycles(x, made.foldings[x.name]) for x in made.design.layers}
    assert cycles[made.slowest] == max(cycles.values()) <= made.cycles_per_frame
    assert made.latency_cycles > 0


def test_every_memory_has_its_place(draft) -> None:  # type: ignore[no-untyped-def]
    from hwcodesign.kinds import kind_of

    places, _ = draft.mapped(draft.design)
    for layer in draft.design.layers:
        memories = kind_of(layer.kind).memories(layer, draft.foldings[layer.name])
        assert places.get(layer.name, {}).keys() == {memory.name for memory in memories}


def test_a_rate_out_of_reach_is_refused_before_anything_is_scheduled() -> None:
    with pytest.raises(UserError, match="out of reach"):
        fold_only(NET, Target(BOARD, 50.0, 1e9), {})
