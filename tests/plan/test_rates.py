import pytest

from hwcodesign.core.interface import Interface
from hwcodesign.fpga.board import load_board
from hwcodesign.plan.rates import rates_of


def stream(in_bytes: int, in_beats: int) -> Interface:
    return Interface(1, 8 * in_bytes, in_bytes, in_beats, 16, 2, 11)


def test_a_uart_carries_so_many_bytes_a_second() -> None:
    rates = rates_of(load_board("ulx3s-85f"), stream(1, 3072), 1356.0, 50.0)
    assert rates.link == pytest.approx(2_000_000 / 10 / (3072 * 258 / 256 + 12))
    assert rates.user == rates.link
    assert rates.link_limits
    assert "a host gets 64.4 frames per second" in rates.sentence()


def test_a_slow_core_is_the_limit() -> None:
    rates = rates_of(load_board("ulx3s-85f"), stream(1, 64), 5.0, 50.0)
    assert rates.user == 5.0
    assert not rates.sentence()


def test_a_dma_takes_a_beat_a_clock() -> None:
    rates = rates_of(load_board("pynq-z1"), stream(3, 1024), 1000.0, 100.0)
    assert rates.link == pytest.approx(100e6 / 1024)
    assert rates.user == 1000.0


def test_a_result_larger_than_its_image_counts() -> None:
    wide = Interface(1, 8, 1, 8, 32, 4, 1001)
    rates = rates_of(load_board("icebreaker"), wide, 1e6, 12.0)
    assert rates.link == pytest.approx(3e5 / (4004 * 258 / 256 + 12))
