"""The page of a run that is put together here, and, where there is a browser, what it draws."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.report.facts import Facts, facts_of
from hwcodesign.report.html import bar, text
from hwcodesign.report.page import render
from hwcodesign.report.sections import sections

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
RESOURCES = {"lut": 100, "ff": 50, "dsp": 0, "block_ram": 2, "large_ram": 0}
HAS = {"lut": 1000, "ff": 1000, "dsp": 0, "block_ram": 10, "large_ram": 0}
LAYER = {"name": "conv1", "kind": "mvau", "pe": 1, "simd": 9, "cycles": 4608, "bits": {"weights": 576}}
CHECK: dict[str, Any] = {
    "fits": True, "board": "ulx3s-85f", "used": RESOURCES, "usable": HAS, "available": HAS,
    "estimate_error": {"lut": 0.07}, "block_ram_unit": "DP16KD", "large_ram_unit": "", "bits": {"weights": 576},
    "layers": [{**LAYER, "resources": RESOURCES}], "seconds": 0.1,
}  # fmt: skip
PLAN = {
    "cycles_per_frame": 4608, "slowest": "conv1", "latency_cycles": 9079, "planned_frame_rate": 10850.694,
    "clock_mhz": 50.0, "buffers": "the least", "seconds": 1.0,
}  # fmt: skip
SIMULATED = {
    "images": 6,
    "mismatches": 0,
    "top1": 0.5,
    "cycles_per_frame": 4608.0,
    "latency_cycles": 9079.0,
    "seconds": 2,
}
REFERENCE = {
    "top1": 0.5, "images": 6, "split": "test", "dataset": "<digits>", "device": "cpu", "seed": 1, "weights": "trained",
    "classes": ["a", "b<i>"], "versions": {"torch": "2"},
}  # fmt: skip


def facts(**report: Any) -> Facts:
    whole = {"check": CHECK, "plan": PLAN, "simulate": SIMULATED, "reference": REFERENCE, **report}
    plan = {**PLAN, "storage": {"conv1": {"weights": {"words": 4, "width": 9}}}, "fifo_depths": {"a to b": 3}}
    labels = np.array([0, 0, 0, 1, 1, 1])
    scores = np.eye(2, dtype=np.int64)[[0, 0, 1, 0, 0, 1]]
    frames = np.random.default_rng(1).integers(0, 256, (6, 4, 4, 1), dtype=np.uint8)
    present = {key: value for key, value in whole.items() if value is not None}
    return Facts("tiny", present, CHECK, plan, (), frames, labels, scores)


def test_numbers_are_those_of_the_report() -> None:
    page = render(facts())
    for number in ("4,608", "9,079", "10,851", "50.00 %", "0 of 6 images differ", "DP16KD"):
        assert number in page, number
    assert page.count("<figure>") == 3  # the mistakes
    assert re.search(r"<td><b>a</b></td><td><div[^>]*>2</div></td><td><div[^>]*>1</div></td>", page)


@pytest.mark.parametrize(
    ("stage", "changed", "words"),
    [
        ("check", {**CHECK, "fits": False}, "DOES NOT FIT"),
        ("simulate", {**SIMULATED, "mismatches": 2}, "NOT PROVEN"),
        ("bitstream", {"timing_met": False, "fmax_mhz": 40, "clock_mhz": 50}, "MISSES ITS CLOCK"),
        ("simulate", None, "not proven yet"),
    ],
)
def test_bad_news_come_first(stage: str, changed: Any, words: str) -> None:
    page = render(facts(**{stage: changed}))
    assert words in page[: page.index("Accuracy")]


def test_nothing_of_the_run_is_taken_for_html() -> None:
    page = render(facts())
    assert "<digits>" not in page
    assert "b<i>" not in page
    assert text("<a>") == "&lt;a&gt;"


def test_the_page_needs_nothing_from_elsewhere() -> None:
    assert not re.search(r"""(src|href|url)\s*[=(]["']?(https?:)?//""", render(facts()))


def test_a_bar_over_its_end_is_red() -> None:
    assert 'class="over"' in bar(1.2)
    assert "width:100.0%" in bar(1.2)
    assert 'class="over"' not in bar(0.4)


def test_every_section_is_found_and_has_an_order_and_a_title() -> None:
    assert next(module.TITLE for module in sections()) == "Verdict"
    assert all(isinstance(module.ORDER, int) and callable(module.section) for module in sections())


def test_a_damaged_document_is_named(tmp_path: Path) -> None:
    from hwcodesign.core.run_folder import RunFolder

    (tmp_path / "report.json").write_text("{")
    with pytest.raises(UserError, match=r"report\.json is damaged"):
        facts_of(RunFolder(tmp_path))


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_draws_it_without_scrolling_sideways(width: int, tmp_path: Path) -> None:
    measure = "document.title = JSON.stringify([document.documentElement.scrollWidth, innerWidth])"
    page = render(facts()).replace("</body>", f"<script>{measure}</script></body>")
    (tmp_path / "report.html").write_text(page)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    size = [f"--window-size={width},900", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    command = [str(CHROMIUM), *flags, *size, (tmp_path / "report.html").as_uri()]
    drawn = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"<title>(.*?)</title>", drawn.stdout)
    assert found
    needed, there = json.loads(found[1])
    assert needed <= max(there, width)
