"""What hardware must keep of the plan: its pace, its latency and every layer's utilisation."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.fpga.board import load_board
from hwcodesign.plan import Plan, plan
from hwcodesign.simulate.network import Simulated
from hwcodesign.simulate.stream_files import StreamResults
from hwcodesign.simulate.utilisation import Utilisation
from hwcodesign.verify.proofs import too_slow
from tests.graphs import tiny_squeezenet


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=10_000)


def measured(planned: Plan, pace: float = 1.0, latency: float = 1.0) -> Simulated:
    results = StreamResults(np.zeros((4, 6)), np.zeros(4), 24, None)
    latency_cycles = round(planned.latency_cycles * latency)
    return Simulated(results, planned.cycles_per_frame * pace, latency_cycles, 1000, 1.0)


def test_what_the_plan_promises_is_kept(planned: Plan) -> None:
    used = [Utilisation("conv1", 10, 0.5, 0.5)]
    assert too_slow(planned, measured(planned), used) is None
    assert too_slow(planned, measured(planned, 1.009, 1.019), [replace(used[0], measured=0.504)]) is None
    assert too_slow(planned, replace(measured(planned), cycles_per_frame=None), []) is None  # too few frames


@pytest.mark.parametrize(
    ("pace", "latency", "share", "said"),
    [
        (1.02, 1.0, 0.5, "cycles per frame, planned"),
        (1.0, 1.03, 0.5, "a latency of"),
        (1.0, 0.97, 0.5, "a latency of"),
        (1.0, 1.0, 0.49, "layer conv1 works 49.0000% of the time, planned 50.0000%"),
        (1.0, 1.0, 0.51, "layer conv1 works 51.0000% of the time, planned 50.0000%"),
    ],
)
def test_what_it_does_not_keep_is_told(planned: Plan, pace: float, latency: float, share: float, said: str) -> None:
    found = too_slow(planned, measured(planned, pace, latency), [Utilisation("conv1", 10, 0.5, share)])
    assert found is not None and said in found
