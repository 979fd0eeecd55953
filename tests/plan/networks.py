"""Small networks with every choice that a SqueezeNet has, for properties of all designs."""

from hypothesis import assume
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import load_board
from hwcodesign.graph.predict import predict
from hwcodesign.kinds import kind_of
from hwcodesign.nets.network import Quantization
from hwcodesign.nets.squeezenet import SqueezeNet
from hwcodesign.plan import Plan, plan

BOARD = load_board("ulx3s-85f")
FAMILIES = st.builds(
    SqueezeNet,
    base_e=st.sampled_from([4, 8]),
    incr_e=st.sampled_from([0, 4]),
    SR=st.sampled_from([0.25, 0.5, 1.0]),
    fire_modules=st.integers(1, 3),
    conv1_filters=st.sampled_from([3, 4, 6]),
    conv1_kernel=st.integers(1, 3),
    conv1_stride=st.integers(1, 2),
    conv1_pad=st.integers(0, 1),
    pool_after=st.sampled_from([(), ("conv1",), ("fire2",)]),
    pool_kernel=st.integers(2, 3),
    pool_stride=st.integers(1, 2),
    bypass=st.sampled_from(["none", "simple", "complex"]),
)


def planned_for(family: SqueezeNet, height: int, width: int, slower: int) -> Plan:
    """The network on images of this size, `slower` times slower than the fastest there is."""
    try:
        graph = predict(family.describe((height, width, 1), 3), Quantization())
    except UserError:  # the image is too small for these poolings
        assume(False)
    fastest = max(min(kind_of(x.kind).cycles(x, f) for f in kind_of(x.kind).foldings(x)) for x in graph.layers)
    return plan(graph, BOARD, frame_rate=BOARD.clock_mhz * 1e6 / (fastest * slower))


PLANS = st.builds(planned_for, FAMILIES, st.integers(5, 8), st.integers(5, 8), st.sampled_from([1, 2, 5]))
