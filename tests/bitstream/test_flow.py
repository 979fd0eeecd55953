"""The phases: run in order, not run again when current, and every way in which they fail said in words."""

from dataclasses import replace
from pathlib import Path

import pytest

from hwcodesign.bitstream import flow
from hwcodesign.bitstream.flow import run_phases
from hwcodesign.bitstream.toolchain import toolchain_of
from hwcodesign.core import tools
from hwcodesign.core.errors import DoesNotFitError, UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.fpga.board import load_board
from tests.bitstream.fakes import Workbench

ALL = ["yosys", "nextpnr-ecp5", "ecppack"]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench(tmp_path, monkeypatch)


@pytest.fixture
def phases(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "phases")


def test_what_is_current_is_not_run_again(bench: Workbench, phases: RunFolder) -> None:
    run_phases(bench.request(), phases)
    assert bench.calls == ALL
    run_phases(bench.request(), phases)
    assert bench.calls == []


def test_another_seed_starts_at_place_and_route(bench: Workbench, phases: RunFolder) -> None:
    run_phases(bench.request(), phases)
    assert bench.calls == ALL
    run_phases(bench.request(seed=2), phases)
    assert bench.calls[0] == "nextpnr-ecp5"


def test_another_clock_and_another_design_start_anew(bench: Workbench, phases: RunFolder) -> None:
    run_phases(bench.request(), phases)
    run_phases(bench.request(clock_mhz=75), phases)
    assert bench.calls[:4] == [*ALL, "yosys"]
    (bench.emitted / "memory" / "conv1.weights.hex").write_text("0\n")
    run_phases(bench.request(clock_mhz=75), phases)
    assert "yosys" in bench.calls


def test_a_failed_phase_keeps_those_before_it_and_its_log(bench: Workbench, phases: RunFolder) -> None:
    bench.tool(tools.NEXTPNR_ECP5, "echo 'Info: Placing'\necho 'ERROR: no luck'\nexit 1")
    with pytest.raises(UserError, match=r"nextpnr-ecp5 failed \(exit code 1\), log in .*nextpnr\.log:\n(.|\n)*no luck"):
        run_phases(bench.request(), phases)
    assert bench.calls == ["yosys", "nextpnr-ecp5"]
    bench.reaches(90.0)
    run_phases(bench.request(), phases)
    assert bench.calls == ["nextpnr-ecp5", "ecppack"]


def test_too_large_for_the_part(bench: Workbench, phases: RunFolder) -> None:
    words = "Unable to place cell 'x', no BELs remaining to implement cell type 'DP16KD'"
    bench.tool(tools.NEXTPNR_ECP5, f'echo "ERROR: {words}"\nexit 1')
    with pytest.raises(DoesNotFitError, match="too large for ulx3s-85f: there are not enough DP16KD"):
        run_phases(bench.request(), phases)


def test_a_killed_tool_says_how_far_it_came(bench: Workbench, phases: RunFolder) -> None:
    bench.tool(tools.NEXTPNR_ECP5, "echo 'Info: Routing 17 of 99'\nkill -9 $$")
    message = (
        r"nextpnr-ecp5 was killed after \d+ s \(signal 9; the machine may be out of memory\), log in .*nextpnr\.log:"
    )
    with pytest.raises(UserError, match=message + r"\nInfo: Routing 17 of 99"):
        run_phases(bench.request(), phases)


def test_a_missing_tool_is_named_with_its_cure(
    bench: Workbench, phases: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tools.Tool("no-such-nextpnr", ("no-such-nextpnr",), (), "pip install it")
    chain = replace(toolchain_of(bench.board), place_and_route=missing)
    monkeypatch.setattr(flow, "toolchain_of", lambda board: chain)
    with pytest.raises(UserError, match=r"no-such-nextpnr is missing(.|\n)*pip install it"):
        run_phases(bench.request(), phases)


def test_the_line_is_as_fast_as_bridge_and_clock_allow(bench: Workbench) -> None:
    assert [bench.request(clock_mhz=mhz).baud for mhz in (50.0, 75.0, 3.125)] == [2_000_000, 3_000_000, 115_200]


def test_a_board_of_a_vendors_own_tools_names_them() -> None:
    with pytest.raises(UserError, match=r"no open tools make bitstreams for zcu104 .*: its toolchain is vivado"):
        toolchain_of(load_board("zcu104"))


def test_a_board_without_a_link_or_a_part_name_is_refused() -> None:
    board = load_board("ulx3s-85f")
    with pytest.raises(UserError, match=r"ulx3s-85f has no \[link\] of type uart"):
        toolchain_of(board.model_copy(update={"link": None}))
    with pytest.raises(UserError, match="ulx3s-85f has no key 'nextpnr'"):
        toolchain_of(board.model_copy(update={"nextpnr": ()}))


def test_places_that_hold_no_cell_but_can_hold_none_are_counted(bench: Workbench, phases: RunFolder) -> None:
    """nextpnr's report lacks Gowin's LUTs beside RAM; what its log says before placement counts."""
    text = "Info: \t                LUT4:    9939/  20736    47%\\nInfo: \t                 DFF:    5516/  15552    35%"
    bench.reaches(90.0, f"printf '{text}\\n'")
    run_phases(bench.request(), phases)
    chain = replace(toolchain_of(bench.board), placeholders=("LUT4",))
    cells = flow.used_cells(chain, phases)
    assert cells["LUT4"] == {"used": 9939, "available": 20736}
    assert cells["TRELLIS_FF"]["used"] == 2
    assert "LUT4" not in flow.used_cells(toolchain_of(bench.board), phases)
