"""The UART's two kernels; and benches that notice when they are wrong."""

from pathlib import Path

import pytest

from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.errors import UserError
from hwcodesign.simulate import simulator
from hwcodesign.simulate.network import cocotb_sees

PORTS = ("clk_i", "rst_ni", "rx_i", "rx_data_o", "rx_valid_o", "rx_broken_o", "tx_data_i", "tx_valid_i", "tx_ready_o",
         "tx_o")  # fmt: skip
RECEIVER = "uart_rx"


def run_bench(folder: Path, clocks_per_bit: int, receiver: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "uart_rx.sv").write_text(receiver)
    sources = [folder / "uart_rx.sv", hls_source("uart_tx"), asset_folder("sim") / "uart_bench.sv"]
    parameters = {"CLOCKS_PER_BIT": clocks_per_bit}
    simulation = simulator.build(folder, "uart_bench", sources, PORTS, optimise="-O0", parameters=parameters)
    with cocotb_sees(asset_folder("sim")):
        simulator.run(simulation, "uart_test", {"CLOCKS_PER_BIT": str(clocks_per_bit)})
    assert "%Warning" not in (folder / "verilator.log").read_text()


def own_receiver() -> str:
    return (hls_source("uart_rx")).read_text()


@pytest.mark.parametrize("clocks_per_bit", [4, 7, 87])
def test_bytes_survive_whatever_the_line_does(clocks_per_bit: int, tmp_path: Path) -> None:
    run_bench(tmp_path, clocks_per_bit, own_receiver())


FAULTS = {
    "no vote": ("assign line = ", "assign line = samples_q[1]; logic unused; assign unused = ", "single_wrong_samples"),
    "a break is many bytes": ("rested_q <= line;", "rested_q <= 1'b1;", "a_break_is_reported_once"),
    "read at the border of a bit": ("(CLOCKS_PER_BIT - 1) / 2", "CLOCKS_PER_BIT - 1", "baud_rate_that_is_off"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bench_notices(fault: str, tmp_path: Path) -> None:
    right, wrong, message = FAULTS[fault]
    receiver = own_receiver()
    assert receiver.count(right) == 1
    with pytest.raises(UserError, match=message):
        run_bench(tmp_path, 8, receiver.replace(right, wrong))
