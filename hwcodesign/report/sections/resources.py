"""What it takes of the board, in all and layer by layer."""

from hwcodesign.report.facts import Facts
from hwcodesign.report.html import bar, paragraph, table, text

ORDER, TITLE = 20, "Resources"
NAMES = ("lut", "ff", "dsp", "block_ram", "large_ram")


def section(facts: Facts) -> str | None:
    """The totals against what a design may use, and every layer."""
    check = facts.check
    if not check:
        return None
    units = {"lut": "LUT (estimate)", "ff": "FF (estimate)", "dsp": "DSP"}
    units |= {"block_ram": check["block_ram_unit"], "large_ram": check["large_ram_unit"] or "large RAM"}
    placed = facts.report.get("bitstream", {}).get("resources", {})
    rows = []
    for name in NAMES:
        used, usable, there = (check[key][name] for key in ("used", "usable", "available"))
        if there:
            after = placed.get(name) or placed.get(units[name].split()[0]) or {}
            rows.append([text(units[name]), f"{used:,}", f"{after['used']:,}" if after else "", f"{usable:,}",
                         f"{there:,}", bar(used / usable if usable else 0.0)])  # fmt: skip
    totals = table(["resource", "planned", "placed", "usable", "on the chip", "planned of usable"], rows)
    note = "With the link to the host and the clock. Block RAM and DSP are counted. "
    error = check.get("estimate_error")
    if error:
        shares = ", ".join(f"{name.upper()} {share:.0%}" for name, share in sorted(error.items()))
        note += f"Estimates: within {shares} on designs that the fit did not see."
    return totals + paragraph(text(note), "soft") + _layers(facts)


def _layers(facts: Facts) -> str:
    layers = facts.check["layers"]
    most = {name: max(1, *(layer["resources"][name] for layer in layers)) for name in NAMES}
    slowest = max(layer["cycles"] for layer in layers)
    rows = []
    for layer in layers:
        used = layer["resources"]
        cycles = f"<b>{layer['cycles']:,}</b>" if layer["cycles"] == slowest else f"{layer['cycles']:,}"
        rows.append([text(layer["name"]), text(layer["kind"]), str(layer["pe"]), str(layer["simd"]), cycles,
                     f"{used['lut']:,}", bar(used["lut"] / most["lut"]), f"{used['block_ram']:,}",
                     f"{used['dsp']:,}", f"{sum(layer['bits'].values()):,}"])  # fmt: skip
    heads = ["layer", "kind", "PE", "SIMD", "cycles", "LUT", "", facts.check["block_ram_unit"], "DSP", "bits"]
    return table(heads, rows)
