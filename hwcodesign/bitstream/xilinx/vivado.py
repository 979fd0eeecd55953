"""Runs Vivado on a project that was written, where Vivado is installed, and reads its reports.

Not one of these steps has been run with Vivado itself here: they follow its documentation (AMD UG835, UG906), and the
tests run them with a stand-in that checks what it is given.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from hwcodesign.bitstream.xilinx.project import Project
from hwcodesign.core import progress, tools
from hwcodesign.core.errors import UserError
from hwcodesign.fpga.resources import Resources

LOG = "vivado.log"
_MOST_ERRORS = 8
# Rows of report_utilization, of the 7 series and of UltraScale+; a block RAM tile is two BRAM18.
_ROWS = {
    "lut": ("Slice LUTs", "CLB LUTs"),
    "ff": ("Slice Registers", "CLB Registers"),
    "dsp": ("DSPs",),
    "block_ram": ("Block RAM Tile",),
    "large_ram": ("URAM",),
}


@dataclass(frozen=True)
class Built:
    """What Vivado made of a project: files in its folder, its counts after placement, the worst slack after routing."""

    bitstream: Path
    handoff: Path | None
    timing_report: Path
    resources: Resources
    clock_mhz: float
    slack_ns: float

    @property
    def fmax_mhz(self) -> float:
        """The highest clock at which the worst path would still hold (AMD UG906)."""
        return 1000 / (1000 / self.clock_mhz - self.slack_ns)


def vivado_is_there() -> bool:
    """Whether a Vivado is on the PATH (or named by HWCODESIGN_VIVADO)."""
    try:
        tools.find(tools.VIVADO)
    except UserError:
        return False
    return True


def not_built(project: str) -> str:
    """What there is without Vivado, and how to go on; `project` is the project's folder."""
    return (
        "project written, not built: Vivado is not on the PATH. To build it, source Vivado's settings64.sh and run "
        f"this again, or make in the folder {project}"
    )


def build(project: Project) -> None:
    """Synthesize, place and route with Vivado, from where an earlier build in the same folder was interrupted.

    Its output goes to LOG in the project's folder. Raises UserError if Vivado or make is missing or too old, or with
    Vivado's own error messages if it fails.
    """
    vivado, make, folder = tools.require(tools.VIVADO), tools.require(tools.MAKE), project.folder
    path = f"{vivado.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    if not project.created.exists():
        (folder / f"{project.name}.xpr").unlink(missing_ok=True)  # half a project, which make would take for a whole
    try:
        with progress.phase("Vivado") as on_line:
            tools.run([make, f"{project.name}.bit"], folder, folder / LOG, {"PATH": path}, on_line)
    except UserError as error:
        raise UserError(f"{error}\n{_errors(folder / LOG)}".rstrip()) from None


def built(project: Project) -> Built:
    """What `build` left in the project's folder. Raises UserError if a report is missing."""
    folder = project.folder
    reports = folder / f"{project.name}.runs" / "impl_1" / project.top
    handoff = sorted(folder.glob(f"{project.name}.*/sources_1/bd/*/hw_handoff/*.hwh"))
    if handoff:
        shutil.copyfile(handoff[0], folder / f"{project.name}.hwh")
    timing = Path(f"{reports}_timing_summary_routed.rpt")
    return Built(
        folder / f"{project.name}.bit",
        folder / f"{project.name}.hwh" if handoff else None,
        timing,
        used_resources(_text(Path(f"{reports}_utilization_placed.rpt"))),
        project.clock_mhz,
        worst_slack_ns(_text(timing)),
    )


def worst_slack_ns(report: str) -> float:
    """The worst negative slack of a timing summary. Raises UserError if it has none."""
    found = re.search(r"WNS\(ns\).*\n[-\s]*\n\s*(-?[\d.]+)", report)
    if not found:
        raise UserError("Vivado's timing summary has no worst negative slack: is its clock constrained?")
    return float(found[1])


def used_resources(report: str) -> Resources:
    """Counts of a utilization report; 0 of what it has no row for."""
    counts = {key: _count(report, names) for key, names in _ROWS.items()}
    counts["block_ram"] *= 2
    return Resources(**{key: round(count) for key, count in counts.items()})


def _count(report: str, names: tuple[str, ...]) -> float:
    found = re.search(rf"^\|\s*(?:{'|'.join(names)})\*?\s*\|\s*([\d.]+)", report, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _errors(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("ERROR")]
    return "\n".join(["Vivado's first errors:", *lines[:_MOST_ERRORS]]) if lines else ""


def _text(report: Path) -> str:
    try:
        return report.read_text(errors="replace")
    except FileNotFoundError:
        raise UserError(f"Vivado ended without {report}: see {LOG} beside the project") from None
