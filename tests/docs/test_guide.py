"""Every ```bash block of the guide runs, in the order of its page; studies and recipes shown there are read."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hwcodesign.core.strict_toml import validated
from hwcodesign.explore.study import load_study
from hwcodesign.recipe import Recipe

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path.name for path in (DOCS / "guide").glob("*.md"))
LONG = re.compile(r"hwcodesign (run|bitstream|report)\b")  # minutes


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / "guide" / page).read_text(), flags=re.S | re.M)


def run(commands: list[str], folder: Path) -> None:
    """As a user would type them; `hwcodesign` is this checkout's."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "hwcodesign"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m hwcodesign "$@"\n')
    program.chmod(0o755)
    for command in commands:
        script = f'export PATH="{folder}/bin:$PATH" PYTHONPATH="{DOCS.parent}"\nset -e\n{command}'
        done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("page", PAGES)
def test_short_commands_run(page: str, tmp_path: Path) -> None:
    run([block for block in blocks(page, "bash") if not LONG.search(block)], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(LONG.search(block) for block in blocks(page, "bash"))])
def test_whole_pages_run(page: str, tmp_path: Path) -> None:
    run(blocks(page, "bash"), tmp_path)


def test_the_recipe_of_the_pictures_page_fits_its_board(tmp_path: Path) -> None:
    import tomllib

    from hwcodesign.check.check import check_recipe

    (text,) = blocks("your-pictures.md", "toml")
    recipe = validated(Recipe, {"name": "pets", **tomllib.loads(text)}, "the page")
    assert check_recipe(recipe).fits


def test_the_study_of_the_explore_page_is_one(tmp_path: Path) -> None:
    (text,) = blocks("explore.md", "toml")
    (tmp_path / "study.toml").write_text(text)
    assert load_study(tmp_path / "study.toml").count == 27
