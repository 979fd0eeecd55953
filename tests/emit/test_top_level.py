"""The emitted design: complete, readable, the same bytes for the same plan."""

import re
from pathlib import Path

import numpy as np

from hwcodesign.core.interface import Interface
from hwcodesign.core.run_folder import digest
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import Plan, plan
from tests.graphs import tiny_squeezenet


def planned() -> Plan:
    return plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=10_000)


def emitted(folder: Path) -> Interface:
    made = planned()
    return emit(made.design, made.foldings, made.storage, folder)


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        emitted(tmp_path / name)
    assert digest([tmp_path / "first"]) == digest([tmp_path / "second"])


def test_the_interface_survives_its_file_and_counts_the_frame(tmp_path: Path) -> None:
    interface = emitted(tmp_path / "out")
    assert Interface.load(tmp_path / "out") == interface
    assert interface.in_beats * interface.in_lanes == 8 * 8
    assert interface.out_beats == 5 + 1


def test_every_layer_stands_in_the_top_level_under_its_own_name(tmp_path: Path) -> None:
    emitted(tmp_path / "out")
    top = (tmp_path / "out/rtl/accelerator.sv").read_text()
    for layer in planned().design.layers:
        assert f" u_{layer.name.replace('.', '_')} (" in top


def test_every_source_and_every_memory_image_is_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    emitted(out)
    sources = (out / "sources.f").read_text().split()
    assert sorted(str(p.relative_to(out)) for p in (out / "rtl").iterdir()) == sorted(sources)
    images = {path.name.rsplit(".", 2)[0] for path in (out / "memory").iterdir()}
    named = set(re.findall(r'_FILE\("(.*?)"\)', (out / "rtl/accelerator.sv").read_text()))
    assert named == images


def test_weights_reach_the_images(tmp_path: Path) -> None:
    emitted(tmp_path / "out")
    made = planned()
    layer = made.design.by_name["fire2.squeeze"]
    parts = (tmp_path / "out/memory").glob("fire2_squeeze.weights.*.hex")
    bits = sum(int(word, 16).bit_count() for part in parts for word in part.read_text().split())
    assert bits == sum(int(w).bit_count() for w in np.ravel(layer.tensors["weights"]) & 0xF)
