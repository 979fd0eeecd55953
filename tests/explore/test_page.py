"""The page in a real browser, without a window, where there is one."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hwcodesign.explore.engine import Engine
from hwcodesign.explore.page import explained, write_page
from hwcodesign.explore.results import Point, results_of
from hwcodesign.explore.study import load_study
from tests.explore.studies import PLANNED, write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    folder = tmp_path_factory.mktemp("page")
    engine = Engine(load_study(write(PLANNED, folder)), folder / "out")
    engine.work(lambda *_: None)
    results = results_of(engine)
    write_page(engine.study, results, folder / "explore.html")
    return folder / "explore.html", [point.number for point in results.front]


def test_the_page_needs_nothing_from_elsewhere(page: tuple[Path, list[int]]) -> None:
    text = page[0].read_text()
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']?(https?:)?//""", text)


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_page_draws_itself_in_a_browser(page: tuple[Path, list[int]], tmp_path: Path) -> None:
    path, front = page
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    command = [str(CHROMIUM), *flags, f"--user-data-dir={tmp_path}", "--virtual-time-budget=8000", "--dump-dom"]
    drawn = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True).stdout
    assert drawn.count("main-svg") >= 3
    rows = re.findall(r"<tr><td>(\d+)</td>", drawn)
    assert [int(row) for row in rows] == front


def test_a_key_that_decides_alone_explains_all() -> None:
    made = [Point(i, {"a": i % 2, "b": i // 2}, {"lut": float(i % 2)}, "", "", False) for i in range(8)]
    assert explained(made, "a", "lut") == 1.0
    assert explained(made, "b", "lut") == 0.0
    assert json.dumps(explained([made[0]], "a", "lut")) == "0.0"
