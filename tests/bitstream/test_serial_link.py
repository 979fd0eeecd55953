"""The link beside the network: its timing, its parameters, the name of its design."""

from dataclasses import replace
from pathlib import Path

import pytest

from hwcodesign.bitstream import serial_link
from hwcodesign.core.assets import hls_source
from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface
from hwcodesign.plan.link_cost import ANSWERS


@pytest.mark.parametrize(
    ("clock_mhz", "baud", "clocks_per_bit"),
    [(25.0, 1_000_000, 25), (12.0, 115_200, 104), (80.0, 3_000_000, 27), (12.0, 3_000_000, 4)],
)
def test_the_divider_is_the_nearest(clock_mhz: float, baud: int, clocks_per_bit: int) -> None:
    timing = serial_link.UartTiming.at(clock_mhz, baud)
    assert timing == serial_link.UartTiming(clocks_per_bit, round(clock_mhz * 50_000))


@pytest.mark.parametrize(("clock_mhz", "baud", "good"), [(8.0, 921_600, "1000000"), (6.0, 3_000_000, "1000000")])
def test_a_rate_that_the_clock_cannot_make_is_refused(clock_mhz: float, baud: int, good: str) -> None:
    with pytest.raises(UserError, match=rf"{baud} baud cannot be made from a clock of {clock_mhz:g} MHz .*{good}"):
        serial_link.UartTiming.at(clock_mhz, baud)


def test_every_module_of_the_link_is_there() -> None:
    assert all((hls_source(module)).is_file() for module in serial_link.MODULES)


def test_the_queue_of_answers_is_as_long_as_the_host_believes() -> None:
    assert f"parameter int ANSWERS = {ANSWERS}," in (hls_source("serial_link")).read_text()


@pytest.mark.parametrize("part", ["rtl/accelerator.sv", "memory/conv1.weights.hex", "weights.bin"])
def test_two_designs_have_two_hashes(tmp_path: Path, part: str) -> None:
    for name, text in (("one", "1"), ("two", "2")):
        (tmp_path / name / part).parent.mkdir(parents=True)
        (tmp_path / name / part).write_text(text)
    hashes = {serial_link.design_hash(tmp_path / name) for name in ("one", "two", "one")}
    assert len(hashes) == 2 and all(int(value, 16) < 1 << 64 and len(value) == 16 for value in hashes)


def test_a_file_for_somebody_s_build_system_makes_no_other_design(tmp_path: Path) -> None:
    (tmp_path / "rtl").mkdir()
    (tmp_path / "rtl" / "accelerator.sv").write_text("1")
    before = serial_link.design_hash(tmp_path)
    (tmp_path / "accelerator.core").write_text("CAPI=2:")
    assert serial_link.design_hash(tmp_path) == before


def test_weights_are_packets_that_the_link_can_number() -> None:
    timing, design = serial_link.UartTiming.at(25.0, 1_000_000), "0123456789abcdef"
    interface = Interface(1, 8, 1, 4, 13, 2, 11, weight_frames=65_535)
    assert serial_link.parameters(interface, timing, design)["WEIGHT_FRAMES"] == "65535"
    with pytest.raises(UserError, match="65536 packets of an image's 4 bytes, the link numbers 65535"):
        serial_link.parameters(replace(interface, weight_frames=65_536), timing, design)
