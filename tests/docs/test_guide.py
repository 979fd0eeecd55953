"""Every command block of README and pages runs, in the order of its page; studies and recipes shown there are read.

A block's language says what it is: `bash` is run, here or not at all with a reason in NOT_RUN; `text` is no command.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hwcodesign.check.check import check_recipe
from hwcodesign.core.strict_toml import validated
from hwcodesign.explore.study import load_study
from hwcodesign.recipe import Recipe
from hwcodesign.simulate.verilator_setup import verilator
from tests.lower import elsewhere
from tests.quantize.float_onnx import residual
from tests.start.test_first_recipe import photos

ROOT = Path(__file__).parents[2]
PAGES = [
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), ROOT / "hls" / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
]
READ = {  # where blocks of other languages stand, each with its test
    "python": {"docs/guide/python.md"},  # test_python.py
    "systemverilog": {"docs/guide/camera.md"},  # test_camera.py
    # start/test_explained.py, and below
    "toml": {
        "README.md",
        *(f"docs/guide/{name}.md" for name in ("anomalies", "detection", "explore", "your-pictures")),
    },
}
# The first line of a block that no test runs, and why.
NOT_RUN = {
    "make demo": "the first block of docs/guide/first-bitstream.md that trains does it, and `make test` is these tests",
    "python3 -m venv fpga": "downloads gigabytes: benchmarks/first_day.py does it, tests/test_wheel.py a part",
    "pip install optuna-dashboard": "a server that is not ours and does not end",
    "from litex_accelerator import": "a piece of somebody's SoC: tests/emit/test_cores.py builds one",
}
LONG = re.compile(r"hwcodesign (run|bitstream|report|quantize|explore)\b|^fusesoc", re.M)  # minutes, or after minutes
PROGRAMS = re.compile(r"^(\$ )?(hwcodesign|pip|python3?|make|fusesoc|torchrun|apt)\b", re.M)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(), flags=re.S | re.M)


def to_run(page: str, language: str = "bash") -> list[str]:
    return [block for block in blocks(page, language) if not block.startswith(tuple(NOT_RUN))]


def what_the_page_speaks_of(page: str, folder: Path) -> None:
    """Files that its reader has: pictures, networks from elsewhere, what the page shows as a file."""
    if page.endswith("your-pictures.md"):
        photos(folder / "photos")
    elif page.endswith("your-network.md"):
        elsewhere.export("convolutional", next(iter(elsewhere.WIDTHS)), folder / "their.onnx")
    elif page.endswith("float-networks.md"):
        residual(folder / "resnet.onnx", (1, 3, 10, 10))
        photos(folder / "FOLDER", count=70, size=(10, 10), classes="abcde")
    elif page.endswith("explore.md"):
        (folder / "study.toml").write_text(blocks(page, "toml")[0])


def run(commands: list[str], folder: Path) -> None:
    """As a user would type them; `hwcodesign` is this checkout's, and a Verilator is on the PATH."""
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "hwcodesign"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m hwcodesign "$@"\n')
    program.chmod(0o755)
    path = f"{folder}/bin:{Path(sys.executable).parent}:{verilator().parent}"
    for command in commands:
        script = f'export PATH="{path}:$PATH" PYTHONPATH="{ROOT}"\nset -e\n{command}'
        done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    fences = re.findall(r"^```(.*)$", (ROOT / page).read_text(), flags=re.M)
    assert set(fences[::2]) <= {"bash", "text", *READ} and set(fences[1::2]) <= {""}
    assert not [one for one in READ if page not in READ[one] and to_run(page, one)]
    assert [block for block in blocks(page, "text") if PROGRAMS.search(block)] == []


def test_every_reason_is_that_of_a_block() -> None:
    every = [block for page in PAGES for language in ("bash", "python") for block in blocks(page, language)]
    assert [first for first in NOT_RUN if not any(block.startswith(first) for block in every)] == []


@pytest.mark.parametrize("page", [page for page in PAGES if any(not LONG.search(block) for block in to_run(page))])
def test_short_commands_run(page: str, tmp_path: Path) -> None:
    what_the_page_speaks_of(page, tmp_path)
    run([block for block in to_run(page) if not LONG.search(block)], tmp_path)


@pytest.fixture(scope="module")
def one_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of one reader: what one of them has trained is there for the next."""
    return tmp_path_factory.mktemp("reader")


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(LONG.search(block) for block in to_run(page))])
def test_whole_pages_run(page: str, one_folder: Path) -> None:
    what_the_page_speaks_of(page, one_folder)
    run(to_run(page), one_folder)


@pytest.mark.parametrize("page", ["anomalies", "detection", "your-pictures"])
def test_the_recipe_of_a_page_fits_its_board(page: str) -> None:
    (text,) = blocks(f"docs/guide/{page}.md", "toml")
    recipe = validated(Recipe, {"name": "pets", **tomllib.loads(text)}, "the page")
    assert check_recipe(recipe).fits


def test_the_study_of_the_explore_page_is_one(tmp_path: Path) -> None:
    what_the_page_speaks_of("docs/guide/explore.md", tmp_path)
    assert load_study(tmp_path / "study.toml").count == 54
