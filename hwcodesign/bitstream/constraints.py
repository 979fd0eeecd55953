"""Which port is which pin, in each tool's own words."""

from hwcodesign.fpga.board import Board

_PULLED_UP = ("rx_i",)  # a serial line that nobody drives must rest


def write_constraints(board: Board) -> tuple[str, str]:
    """The name and the text of the constraints file for `board`'s place and route."""
    suffix, line, frequency = _FORMATS[board.family]
    lines = [line(port, pin, board.io_standard, port in _PULLED_UP) for port, pin in sorted(board.pins.items())]
    assert board.oscillator is not None, "a clock was made of it"
    mhz = board.oscillator.mhz
    return f"pins.{suffix}", "\n".join([*lines, frequency.format(mhz=mhz, period_ns=1000 / mhz)]) + "\n"


def _lpf(port: str, pin: str, standard: str, up: bool) -> str:
    pull = "UP" if up else "NONE"
    return f'LOCATE COMP "{port}" SITE "{pin}";\nIOBUF PORT "{port}" IO_TYPE={standard} PULLMODE={pull};'


def _pcf(port: str, pin: str, _standard: str, up: bool) -> str:
    return f"set_io {'-pullup yes ' if up else ''}{port} {pin}"


def _cst(port: str, pin: str, standard: str, up: bool) -> str:
    pull = "UP" if up else "NONE"
    return f'IO_LOC "{port}" {pin};\nIO_PORT "{port}" IO_TYPE={standard} PULL_MODE={pull};'


def _xdc(port: str, pin: str, standard: str, up: bool) -> str:
    pull = " PULLTYPE PULLUP" if up else ""
    return f"set_property -dict {{PACKAGE_PIN {pin} IOSTANDARD {standard}{pull}}} [get_ports {{{port}}}]"


# The serial line has no clock in common with the design.
_XDC_TIMING = """\
create_clock -period {period_ns:.3f} [get_ports clk_i]
set_false_path -from [get_ports rx_i]
set_false_path -to [get_ports tx_o]"""
# By family: the file's suffix, the lines of one port, and the line that gives the oscillator's frequency.
_FORMATS = {
    "ecp5": ("lpf", _lpf, 'FREQUENCY PORT "clk_i" {mhz} MHZ;'),
    "ice40": ("pcf", _pcf, "set_frequency clk_i {mhz}"),
    "xilinx7": ("xdc", _xdc, _XDC_TIMING),
    "gw1n": ("cst", _cst, ""),
    "gw2a": ("cst", _cst, ""),
}
