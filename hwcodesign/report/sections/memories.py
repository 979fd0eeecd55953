"""Where the bits lie: memories by layer, and the FIFOs between layers."""

from hwcodesign.report.facts import Facts
from hwcodesign.report.html import paragraph, table, text

ORDER, TITLE = 40, "Memories and FIFOs"


def section(facts: Facts) -> str | None:
    """Bits by purpose, the layers' memories and their places, FIFO depths in beats."""
    if not facts.plan or not facts.check:
        return None
    purposes = ", ".join(f"{bits:,} of {name.replace('_', ' ')}" for name, bits in facts.check["bits"].items())
    parts = [paragraph(text(f"Bits on the chip: {purposes}."))]
    rows = []
    for layer, memories in facts.plan["storage"].items():
        for name, place in memories.items():
            rows.append([text(layer), text(name), text(_place(place))])
    if rows:
        parts.append(table(["layer", "memory", "where"], rows))
    depths = facts.plan.get("fifo_depths") or {}
    if depths:
        parts.append(paragraph(text(f"FIFOs, in beats ({facts.plan['buffers']}):")))
        parts.append(table(["FIFO", "depth"], [[text(_edge(name)), f"{depth:,}"] for name, depth in depths.items()]))
    return "".join(parts)


def _place(place: dict[str, int]) -> str:
    if place.get("large"):
        return "large RAM" + (", loaded by the host after a reset" if place.get("way") else "")
    if not place["words"] or not place["width"]:
        return "LUTs"
    return f"block RAM: the first {place['words']:,} words of {place['width']:,} columns; the rest, if any, in LUTs"


def _edge(name: object) -> str:
    return " to ".join(map(str, name)) if isinstance(name, list | tuple) else str(name)
