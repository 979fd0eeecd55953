"""What lies in the folder of emit is told apart from what the plan gives, by file and line."""

from pathlib import Path

from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from hwcodesign.verify.emission import first_changed
from tests.graphs import tiny_squeezenet


def test_a_changed_and_a_missing_file_are_named(tmp_path: Path) -> None:
    made = plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=10_000)
    emitted = tmp_path / "emit"
    emit(made.design, made.foldings, made.storage, emitted)
    assert first_changed(emitted, made) is None
    (emitted / "accelerator.core").unlink()
    assert first_changed(emitted, made) == "emit/accelerator.core is missing"
    emit(made.design, made.foldings, made.storage, anew := tmp_path / "anew")
    (anew / "accelerator.core").rename(emitted / "accelerator.core")
    kernel = emitted / "rtl/fifo.sv"
    lines = kernel.read_text().splitlines()
    kernel.write_text("\n".join([*lines[:9], lines[9] + " ", *lines[10:], ""]))
    assert first_changed(emitted, made) == "emit/rtl/fifo.sv is not what the plan gives, from line 10 on"
    (emitted / "rtl/add.sv").unlink()
    assert first_changed(emitted, made) == "emit/rtl/add.sv is missing"
