"""The rooms stand in the order of the flow (pyproject.toml, tool.importlinter): no arrow of import runs back up."""

import subprocess
import sys
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from benchmarks.structure import between_rooms, circles, graph_of

ROOT = Path(__file__).resolve().parents[1]


def test_no_arrow_runs_back_up() -> None:
    assert lint_imports(str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_no_rooms_and_no_modules_import_each_other_in_a_circle() -> None:
    graph = graph_of(ROOT)
    assert circles(between_rooms(graph)) == circles(graph) == []


def test_the_host_imports_numpy_core_and_itself_alone() -> None:
    listing = (
        "import sys; import numpy; before = set(sys.modules); import hwcodesign.host, hwcodesign.host.images; "
        "print(*(n for n in set(sys.modules) - before if n.split('.')[0] not in sys.stdlib_module_names))"
    )
    ran = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=ROOT)
    found = {name for name in ran.stdout.split() if not name.startswith("numpy.")}
    rooms = {".".join(name.split(".")[:2]) for name in found}
    assert rooms == {"hwcodesign", "hwcodesign.core", "hwcodesign.host"}


def test_tests_and_benchmarks_are_imported_by_nobody_else() -> None:
    outside = {"hwcodesign": {"tests", "benchmarks", "sim"}, "benchmarks": {"tests"}, "sim": {"tests", "benchmarks"}}
    for folder, others in outside.items():
        for file in (ROOT / folder).rglob("*.py"):
            lines = [line.split() for line in file.read_text().splitlines()]
            read = {words[1].split(".")[0] for words in lines if len(words) > 1 and words[0] in ("from", "import")}
            assert not read.intersection(others), file
