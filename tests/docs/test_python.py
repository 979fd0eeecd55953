"""The guide's Python and the notebooks run as they stand; no notebook carries outputs that may be old."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hwcodesign as hw

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


def code(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_the_guides_python_runs() -> None:
    page = (DOCS / "guide" / "python.md").read_text()
    for block in re.findall(r"^```python\n(.*?)^```", page, flags=re.S | re.M):
        exec(compile(block, "python.md", "exec"), {})
    assert all(f"`hw.{name}(" in page for name in hw.__all__)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_code_without_outputs(notebook: Path) -> None:
    document = json.loads(notebook.read_text())
    assert all(not cell.get("outputs") for cell in document["cells"])
    compile("\n".join(code(notebook)), notebook.name, "exec")


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(notebook: Path, tmp_path: Path) -> None:
    """Cell by cell in a kernel, in a folder of its own."""
    shutil.copy(notebook, tmp_path)
    command = [sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=900", "-p", "no:cacheprovider", "."]
    variables = {"PYTHONPATH": str(DOCS.parent)}
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout
