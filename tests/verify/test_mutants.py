"""The benchmark that plants faults: it plants what it says, and (slow) one fault of each class is caught."""

import random
import shutil
from pathlib import Path

import pytest

from benchmarks import mutants
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from tests.graphs import tiny_squeezenet

CLASSES = {
    "weights bit", "thresholds bit", "wrong ROM", "counter reset", "counter bound", "ignored ready", "sign extension",
    "top bit cut", "FIFO depth", "early tlast", "dropped tlast", "error flag", "gated input", "concat order",
    "lower file", "plan file",
}  # fmt: skip


def test_every_fault_changes_one_file_and_all_classes_are_there(tmp_path: Path) -> None:
    run = tmp_path / "run"
    graph = tiny_squeezenet()
    made = plan(graph, load_board("ulx3s-85f"), frame_rate=10_000)
    for stage, dataflow in (("lower", graph), ("plan", made.design)):
        (run / stage).mkdir(parents=True)
        dataflow.save(run / stage)
    emit(made.design, made.foldings, made.storage, run / "emit")
    found = mutants.mutants(mutants.Subject("tiny", run, ()), random.Random(1))
    assert {mutant.kind for mutant in found} == CLASSES
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    for mutant in found:
        mutant.plant(run / mutant.path)
        changed = [path for path, content in before.items() if path.read_bytes() != content]
        assert changed == [run / mutant.path], mutant.what
        changed[0].write_bytes(before[changed[0]])


@pytest.mark.slow
def test_one_fault_of_each_class_is_caught(tmp_path: Path) -> None:
    subject = next(mutants.subjects(tmp_path))
    assert mutants.hwcodesign(subject.arguments, tmp_path / "runs") == (0, "")
    by_class = {mutant.kind: mutant for mutant in mutants.mutants(subject.run, random.Random(4))}
    missed = []
    for mutant in by_class.values():
        result = mutants.judge(subject, mutant, tmp_path / "copy")
        if not result["caught"]:
            missed.append(result)
    shutil.rmtree(tmp_path / "runs")
    assert missed == []
