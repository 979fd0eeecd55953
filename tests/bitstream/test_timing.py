"""The critical path of place and route, told by the layers that it visits."""

import pytest

from hwcodesign.bitstream.netlist import owners
from hwcodesign.bitstream.timing import read_timing
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import Plan, plan
from tests.graphs import tiny_squeezenet

NETWORK = "u_design.u_accelerator."


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=10_000)


def step(what: str, delay: float, start: str, end: str) -> dict[str, object]:
    return {"type": what, "delay": delay, "from": {"cell": start}, "to": {"cell": end}}


def test_the_critical_path_is_told_by_its_layers(made: Plan) -> None:
    first, second = f"{NETWORK}u_conv1.acc_q_TRELLIS_FF_Q_3", f"{NETWORK}u_pool1_window.row_q_LUT4_Z"
    path = [
        step("clk-to-q", 0.5, first, first),
        step("routing", 2.0, first, "$nextpnr_CCU2C_4$CIN"),
        step("logic", 0.25, "$nextpnr_CCU2C_4$CIN", second),
        step("routing", 1.0, second, second),
        step("setup", 0.0, second, second),
    ]
    report = {
        "fmax": {"clk": {"achieved": 100.004, "constraint": 80.0}, "slow": {"achieved": 900, "constraint": 25}},
        "critical_paths": [
            {"from": "<async>", "to": "posedge clk", "path": []},
            {"from": "posedge clk", "to": "posedge clk", "path": path},
        ],
    }
    timing = read_timing(report, owners(made.design))
    assert (timing.fmax_mhz, timing.logic_ns, timing.routing_ns) == (100.0, 0.75, 3.0)
    assert timing.in_words() == (
        "the critical path takes 3.8 ns (0.8 ns of logic, 3.0 ns of routing) through conv1 -> pool1.window, "
        "from acc_q to row_q"
    )
