"""How each figure was obtained, and with what versions."""

from hwcodesign.report.facts import Facts
from hwcodesign.report.html import table, text

ORDER, TITLE = 90, "How the figures were obtained"

ROWS = (
    ("export", "accuracy of the trained network", "measured, on all held-out images, in float64"),
    ("lower", "integer graph against the trained network", "measured: every score of every image compared"),
    ("plan", "cycles, frames per second, latency", "planned: exact schedule of the design, without its data"),
    ("check", "LUT and FF", "modelled: fitted to Yosys; block RAM and DSP are counted"),
    ("simulate", "scores, cycles and latency in RTL", "measured, in Verilator"),
    ("bitstream", "clock and resources after place and route", "measured, by the tool's report"),
)


def section(facts: Facts) -> str | None:
    """What was run, how long it took, and what was not run."""
    rows = []
    for stage, what, how in ROWS:
        ran = facts.report.get(stage)
        seconds = f"{ran['seconds']:,.1f} s" if ran and "seconds" in ran else ""
        rows.append([text(what), text(how if ran else "not run"), text(stage), seconds])
    parts = [table(["figure", "how", "stage", "time"], rows)]
    versions = facts.report.get("reference", {}).get("versions")
    if versions:
        parts.append(table(["program", "version"], [[text(name), text(v)] for name, v in versions.items()]))
    return "".join(parts)
