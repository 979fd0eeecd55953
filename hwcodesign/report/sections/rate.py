"""How fast it is, and what limits it."""

from hwcodesign.report.facts import Facts
from hwcodesign.report.html import paragraph, table, text

ORDER, TITLE = 30, "Rate"


def section(facts: Facts) -> str | None:
    """Core, link and user; planned beside measured; the slowest layer."""
    plan = facts.report.get("plan")
    if not plan:
        return None
    rows = [["cycles per frame", f"{plan['cycles_per_frame']:,}", "", text(f"slowest layer: {plan['slowest']}")]]
    rows.append(["latency, cycles", f"{plan['latency_cycles']:,}", "", "first pixel in to last score out"])
    simulated = facts.report.get("simulate")
    if simulated:
        rows[0][2] = _number(simulated.get("cycles_per_frame"))
        rows[1][2] = _number(simulated.get("latency_cycles"))
    head = paragraph(f"{plan['planned_frame_rate']:,.1f} frames per second at {plan['clock_mhz']:g} MHz in the core.")
    rates = facts.report.get("check", {}).get("rates")
    if rates and rates["link"] is not None:
        what = f"The link carries {rates['link']:,.1f}; a user gets {rates['user']:,.1f}."
        head += paragraph(text(what + (f" {rates['advice']}" if rates["link"] < rates["core"] else "")))
    return head + table(["", "planned", "measured in RTL", ""], rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
