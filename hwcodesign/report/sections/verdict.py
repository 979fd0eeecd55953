"""The verdict first: is it proven, does it fit, how good and how fast is it."""

from hwcodesign.core.tasks import task_in, told
from hwcodesign.report.facts import Facts
from hwcodesign.report.html import paragraph, text

ORDER, TITLE = 0, "Verdict"


def section(facts: Facts) -> str | None:
    """One sentence a question; what was not run is said, too."""
    report, good = facts.report, True
    lines = []
    if check := report.get("check"):
        fits = bool(check["fits"])
        good &= fits
        lines.append(f"{_mark(fits, 'fits', 'DOES NOT FIT')} {text(check['board'])}")
    if simulated := report.get("simulate"):
        failure = simulated.get("failure")
        equal = not simulated["mismatches"] and not failure
        good &= equal
        proof = f"{simulated['mismatches']:,} of {simulated['images']:,} images differ in any score in RTL"
        lines.append(_mark(equal, f"proven: {proof}", f"NOT PROVEN: {failure.splitlines()[0] if failure else proof}"))
        task = task_in(report.get("reference", {}))
        if (figures := told(task, simulated)) is not None:
            lines.append(text(f"{task.test[0].title} in RTL: {figures}"))
    else:
        lines.append("not proven yet: the RTL was not simulated")
    if plan := report.get("plan"):
        lines.append(f"{plan['planned_frame_rate']:,.0f} frames per second at {plan['clock_mhz']:g} MHz (planned)")
    built = report.get("bitstream", {})
    if "timing_met" in built:
        good &= bool(built["timing_met"])
        clock = f"{built['fmax_mhz']:g} MHz after place and route, {built['clock_mhz']:g} planned"
        lines.append(_mark(built["timing_met"], clock, f"MISSES ITS CLOCK: {clock}"))
    lines.append("tried on hardware: no")
    return paragraph("<br>".join(lines), "verdict" if good else "verdict bad")


def _mark(good: bool, yes: str, no: str) -> str:
    return f'<span class="{"good" if good else "bad"}">{text(yes if good else no)}</span>'
