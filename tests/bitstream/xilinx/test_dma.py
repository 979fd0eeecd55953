"""The accelerator behind a DMA: bus widths, and whole batches through the RTL."""

import json
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.bitstream.xilinx.project import write_project
from hwcodesign.core.interface import Interface, frame_bytes
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.host.dma_bus import Bus, bus_of
from hwcodesign.plan import plan
from hwcodesign.simulate import simulator
from hwcodesign.simulate.stream_files import weight_bytes
from tests.graphs import one_fire, tiny_lenet
from tests.loaded import all_loaded

PORTS = [
    *("aclk", "aresetn", "reset_i", "error_o"),
    *(f"{bus}_{signal}" for bus in ("s_axis", "m_axis") for signal in ("tdata", "tkeep", "tlast", "tvalid", "tready")),
]
BATCHES = [2, 3]  # of five frames: where the second and the third one begin


def emitted(folder: Path, graph: Dataflow) -> tuple[Dataflow, Interface]:
    """A design whose first layer takes all channels of a pixel at once."""
    channels = graph.input.channels
    fold = {"conv1.window": {"pe": channels}} if channels > 1 else {}
    made = plan(graph, load_board("pynq-z1"), frame_rate=20_000, fold=fold)
    return made.design, emit(made.design, made.foldings, made.storage, folder)


NETWORKS = {"grey": one_fire(8, 1), "colour, scores early": one_fire(20, 3, 10), "signed scores": tiny_lenet()}


@pytest.mark.parametrize("name", NETWORKS)
def test_batches_through_the_bus_equal_the_reference(name: str, tmp_path: Path) -> None:
    design, interface = emitted(tmp_path / "emit", NETWORKS[name])
    assert interface.in_bytes == design.input.channels
    scores = interpreter.run(design, frames_of(design))[:, :-1]
    assert name != "signed scores" or (scores.min() < 0 < scores.max())
    batches_equal_the_reference(design, interface, "pynq-z1", tmp_path)


def test_a_design_with_loaded_weights_takes_them_first_in_packets_of_their_own(tmp_path: Path) -> None:
    made = all_loaded(one_fire(8, 1), "zcu104", 20_000)
    interface = emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    assert interface.weight_frames > 2
    batches_equal_the_reference(made.design, interface, "zcu104", tmp_path)


def frames_of(design: Dataflow) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (5, *design.input.shape))


def batches_equal_the_reference(design: Dataflow, interface: Interface, board: str, tmp_path: Path) -> None:
    """The design of `tmp_path`/emit behind its DMA: weights in two packets, if it has any, then batches of frames."""
    project = write_project(BuildRequest(load_board(board), tmp_path / "emit", 100.0, 1), "net", tmp_path / "project")
    frames, weights = frames_of(design), words_of(weight_bytes(tmp_path / "emit", interface), interface)
    values = interpreter.run(design, frames)
    case = {
        "weights": [weights[: interface.in_beats], weights[interface.in_beats :]] if weights else [],
        "packets": [words_in(batch, design, interface) for batch in np.split(frames, BATCHES)],
        "expected": [words_out(batch, bus_of(interface)) for batch in np.split(values, BATCHES)],
    }
    (tmp_path / "case.json").write_text(json.dumps(case))
    # Verilator looks for memory images where it runs.
    folder = tmp_path / "project" / "rtl"
    sources = [project.folder / file for file in project.files if file.endswith((".sv", ".v"))]
    simulation = simulator.build(folder, "accelerator_dma", sources, PORTS, optimise="-O0")
    assert "%Warning" not in (folder / "verilator.log").read_text()
    bus = bus_of(interface)
    environment = {"IN_BUS_BYTES": str(bus.in_bytes), "OUT_BUS_BYTES": str(bus.out_bytes), "LIMIT": "60000"}
    simulator.run(simulation, "sim.dma_test", {"CASE": str(tmp_path / "case.json"), **environment})


def words_in(frames: np.ndarray, design: Dataflow, interface: Interface) -> list[int]:
    """Bus words of the frames; what fills a word up is not zero, to show that it does not matter."""
    return words_of(b"".join(frame_bytes(frames, design.input.type, interface)), interface)


def words_of(data: bytes, interface: Interface) -> list[int]:
    size, filler = interface.in_bytes, (bus_of(interface).in_bytes - interface.in_bytes) * "a5"
    return [int(filler + data[at : at + size].hex(), 16) for at in range(0, len(data), size)]


def words_out(values: np.ndarray, bus: Bus) -> list[int]:
    return [int(value) & (1 << 8 * bus.out_bytes) - 1 for value in values.ravel()]
