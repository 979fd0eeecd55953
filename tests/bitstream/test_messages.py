"""Warnings are counted by kind; a tool's failure is said in words, with its exit code."""

from pathlib import Path

import pytest

from hwcodesign.bitstream.messages import explained, warnings_in
from hwcodesign.core.errors import DoesNotFitError, UserError
from hwcodesign.fpga.board import load_board

BOARD = load_board("icebreaker")


def test_warnings_of_one_kind_are_counted_together(tmp_path: Path) -> None:
    log = tmp_path / "yosys.log"
    log.write_text(
        "1. Executing frontend.\n"
        "Warning: Wire top.\\a [3] is used but has no driver.\n"
        "conv1.sv:12: Warning: Literal has a width of 3 bit\n"
        "Warning: Wire top.\\b [17] is used but has no driver.\n"
        "Warnings: 3 unique messages, 3 total\n"
        "Info: no warning: here\n"
        "Warning: Max frequency for clock is 79.48 MHz (FAIL at 80.00 MHz)\n"
    )
    found = [(kind.tool, kind.count, kind.example) for kind in warnings_in(log)]
    assert found == [
        ("yosys", 2, "Wire top.\\a [3] is used but has no driver."),
        ("yosys", 1, "Literal has a width of 3 bit"),
    ]


@pytest.mark.parametrize(
    ("says", "kind", "message"),
    [
        (
            "ERROR: Unable to place cell 'x', no BELs remaining to implement cell type 'DP16KD'",
            DoesNotFitError,
            "too large for icebreaker: there are not enough DP16KD on it",
        ),
        (
            "ERROR: Unable to find legal placement for all cells, design is probably at utilisation limit.",
            DoesNotFitError,
            "too large for icebreaker: there is no legal placement",
        ),
        ("ERROR: failed to place chain starting at cell 'x$CARRY'", DoesNotFitError, "there is no legal placement"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", UserError, "ran out of memory"),
        ("ERROR: Failed to route arc 3 of net 'n'", UserError, "routing failed on icebreaker: try --seed N"),
        ("ERROR: something else", UserError, "^nextpnr failed$"),
    ],
)
def test_a_failure_is_explained(tmp_path: Path, says: str, kind: type[UserError], message: str) -> None:
    log = tmp_path / "nextpnr.log"
    log.write_text(f"Info: Placing...\n{says}\n")
    error = explained(UserError("nextpnr failed"), BOARD, log)
    assert type(error) is kind
    with pytest.raises(UserError, match=message):
        raise error


def test_a_tool_that_said_nothing_keeps_its_message(tmp_path: Path) -> None:
    error = UserError("nextpnr was killed after 3 s")
    assert explained(error, BOARD, tmp_path / "none.log") is error
