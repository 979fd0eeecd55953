"""The solver: equal to brute force on small graphs, its bounds true, and what it says when nothing fits."""

from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow, IntType, Stream
from hwcodesign.fpga.board import Board, load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.graph.builder import Assembly
from hwcodesign.graph.predict import predict
from hwcodesign.kinds import Memory, kind_of
from hwcodesign.nets.network import Quantization
from hwcodesign.nets.squeezenet import SqueezeNet
from hwcodesign.plan import loadable, plan
from hwcodesign.plan.choices import choices
from hwcodesign.plan.folding import Target, fast_enough
from hwcodesign.plan.insert_streams import insert_streams
from hwcodesign.plan.memory import PRICES, design_memories, logic_resources, memory_cost, memory_resources, storages
from hwcodesign.plan.solver import Solver
from tests.graphs import tiny_squeezenet

BOARD = load_board("icebreaker")
ANY = Target(BOARD, BOARD.clock_mhz, None)
UINT3 = IntType(3, signed=False)


@st.composite
def small_graphs(draw):
    """A chain of one or two matrices, with a window in front of the last perhaps, on a feature map of 4 x 4."""
    channels = st.sampled_from([1, 2, 3, 4, 6])
    graph = Assembly("input", Stream((4, 4, draw(channels)), UINT3))
    made = "input"
    if draw(st.booleans()):
        made = _matrix(graph, "first", made, draw(channels))
    if draw(st.booleans()):
        made = graph.sliding_window("second.window", made, (2, 2), (1, 1))
    _matrix(graph, "second", made, draw(channels))
    return graph.finish({})


def _matrix(graph, name, source, rows):
    types = {"out_type": UINT3, "weight_type": IntType(4, signed=True), "acc_type": IntType(12, signed=True)}
    return graph.mvau(name, source, rows, **types)


def every_design(graph: Dataflow, large: tuple[bool, ...] = (False,)):
    """(cycles, cost, resources) of every folding and every price of a block in every group, of the whole design.

    `large`: whether its memories lie in large RAM where they can; all that are given are tried.
    """
    for combination in product(*fast_enough(graph, ANY, {}).values()):
        names = [name for group in fast_enough(graph, ANY, {}) for name in group]
        foldings = dict(zip(names, (f for group in combination for f in group), strict=True))
        design, foldings = insert_streams(graph, foldings)
        logic = sum((logic_resources(BOARD.device, x, foldings[x.name]) for x in design.layers), Resources())
        cycles = max(kind_of(x.kind).cycles(x, foldings[x.name]) for x in design.layers)
        memories = design_memories(design.layers, foldings)
        groups = list(fast_enough(graph, ANY, {}))
        for prices in product(product(range(len(PRICES)), large), repeat=len(groups)):
            price = {name: p for group, p in zip(groups, prices, strict=True) for name in group}
            taken = [_stored(memory, *price[layer]) for (layer, _), memory in memories.items()]
            cost = logic.share(BOARD) + sum(memory_cost(BOARD, resources) for resources in taken)
            yield cycles, cost, sum(taken, logic)


def _stored(memory: Memory, price: int, large: bool) -> Resources:
    return memory_resources(BOARD.device, memory, storages(BOARD.device, memory, large)[price])


def solver(graph: Dataflow, board: Board = BOARD) -> Solver:
    return Solver(
        choices(graph, Target(board, 1.0, None), fast_enough(graph, ANY, {})), Resources(), seconds=60, gap=0.0
    )


@pytest.mark.parametrize("cycles", [16_384, 65_536, 131_072])
def test_weights_are_loaded_where_brute_force_loads_them(cycles):
    graph = Assembly("input", Stream((4, 4, 64), UINT3))
    _matrix(graph, "matrix", "input", 128)
    found = loadable(graph.finish({}))
    designs = [(cost, taken) for c, cost, taken in every_design(found, (False, True)) if c <= cycles]
    cost, taken = min((d for d in designs if not d[1].over(BOARD)), key=lambda design: design[0])
    assert solver(found).cheapest(cycles).cost == pytest.approx(cost, rel=1e-6)
    assert bool(taken.large_ram) == (cycles > 16_384)


@settings(max_examples=15)
@given(small_graphs(), st.integers(16, 2000))
def test_the_cheapest_is_that_of_brute_force(graph, cycles):
    costs = [cost for taken, cost, _ in every_design(graph) if taken <= cycles]
    assume(costs)
    assert solver(graph).cheapest(cycles).cost == pytest.approx(min(costs), rel=1e-6)


@settings(max_examples=15)
@given(small_graphs(), st.floats(0.01, 1))
def test_the_fastest_that_fits_is_that_of_brute_force(graph, limit):
    """On a board that lets a design use but a part of what the others get."""
    designs = list(every_design(graph))
    most = {key: max(getattr(r, key) for _, _, r in designs) for key in ("lut", "ff", "block_ram")}
    board = limited(**{key: max(1, int(limit * amount)) for key, amount in most.items()})
    fitting = [cycles for cycles, _, resources in designs if not resources.over(board)]
    solution, least = solver(graph, board).fastest()
    assert solution.fits == bool(fitting)
    if fitting:
        assert solution.cycles == min(fitting)
        assert least <= solution.cycles
    else:
        assert solution.proves_that_none_fits


def limited(**amounts: int) -> Board:
    resources = BOARD.resources.model_dump() | amounts
    return with_limits(BOARD, resources=resources, limits={"lut": 1, "ff": 1, "dsp": 1, "block_ram": 1})


def with_limits(board: Board, **tables: dict[str, float]) -> Board:
    return Board(**board.model_dump() | tables)


@pytest.mark.parametrize("rate", [1_000, 20_000])
def test_a_solved_plan_reaches_its_rate_is_no_dearer_and_says_so(rate):
    board = load_board("ulx3s-85f")
    quick, solved = (plan(tiny_squeezenet(), board, frame_rate=rate, exact=exact) for exact in (False, True))
    assert solved.planned_frame_rate >= rate
    assert solved.resources.share(board) <= quick.resources.share(board)
    assert (quick.proof, solved.proof) == ("", "proven, FIFOs aside: no cheaper design reaches the frame rate")


def test_the_fastest_is_as_fast_as_any_folding_where_there_is_room():
    fastest = plan(tiny_squeezenet(), load_board("zcu104"), 50, frame_rate="max")
    with pytest.raises(UserError, match=f"the fastest is {fastest.planned_frame_rate:.1f} frames"):
        plan(tiny_squeezenet(), load_board("zcu104"), 50, frame_rate=1e6)
    assert fastest.frame_rate == fastest.planned_frame_rate
    assert fastest.proof == "proven: no faster design fits"


def test_the_fastest_honours_the_users_folding():
    fastest = plan(tiny_squeezenet(), BOARD, frame_rate="max", fold={"fire2.expand3x3": {"pe": 1}})
    assert fastest.foldings["fire2.expand3x3"].pe == 1


def test_the_fastest_fits_with_all_its_fifos():
    board = load_board("ulx3s-85f")
    small = with_limits(board, limits={"lut": 0.07, "ff": 0.1, "dsp": 0.1, "block_ram": 0.05})
    fastest = plan(tiny_squeezenet(), small, frame_rate="max")
    assert not fastest.total.over(small)
    assert fastest.planned_frame_rate < plan(tiny_squeezenet(), board, frame_rate="max").planned_frame_rate


def test_a_solver_without_time_still_gives_a_plan_and_names_its_gap():
    board = load_board("ulx3s-85f")
    planned = plan(tiny_squeezenet(), board, frame_rate=1_000, exact=True, solver_seconds=1e-9)
    assert planned.planned_frame_rate >= 1_000
    assert planned.proof


def test_the_fastest_is_no_slower_than_what_folds_layer_by_layer_whatever_the_time():
    board = load_board("ulx3s-85f")
    small = with_limits(board, limits={"lut": 0.08, "ff": 0.1, "dsp": 0.1, "block_ram": 0.05})
    hurried = plan(tiny_squeezenet(), small, frame_rate="max", solver_seconds=1e-9)
    assert not hurried.total.over(small)
    assert hurried.proof.startswith("proven: no")
    quick = plan(tiny_squeezenet(), small, frame_rate=1.06 * hurried.planned_frame_rate)
    assert quick.total.over(small)


def test_where_nothing_fits_the_plan_says_so():
    planned = plan(tiny_squeezenet(bits=8), BOARD, frame_rate="max")
    assert planned.resources.over(BOARD)
    assert planned.proof == "proven: no folding fits the board's limits"


def test_what_fits_after_all_is_not_proven_not_to_fit():
    """The solver stores all memories of a layer at one price; placed one by one, this layer's do find room."""
    narrow = Assembly("input", Stream((4, 4, 64), IntType(4, False)))
    narrow.mvau("m", "input", 128, out_type=IntType(4, False), weight_type=IntType(4, True), acc_type=IntType(16, True))
    board = load_board("ulx3s-85f").model_copy(update={"link": None}).leaving({"block_ram": 2, "lut": 5734})
    for rate in (100, "max"):
        made = plan(
            narrow.finish({}), board, frame_rate=rate, exact=True, fold={"m": {"pe": 1, "simd": 32, "packed": 0}}
        )
        assert not made.total.over(board)
        assert made.proof.endswith("nothing is proven")


def test_a_stretched_schedule_is_not_the_fastest():
    skipping = SqueezeNet(fire_modules=1, base_e=4, SR=0.25, conv1_filters=3, conv1_kernel=1, pool_after=())
    graph, board = predict(skipping.describe((7, 7, 1), 3), Quantization()), load_board("ulx3s-85f")
    fastest = plan(graph, board, frame_rate="max")
    assert fastest.cycles_per_frame == 50
    assert fastest.proof == f"proven: no design that fits exceeds {50e6 / 49:.1f} frames per second"
    assert plan(graph, board, frame_rate=50e6 / 49, exact=True).proof.startswith("slower than asked for")
