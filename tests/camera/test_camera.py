"""A camera's port down to the scores: equal to the software model of window and scaling, and the integer reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.plan import plan
from hwcodesign.simulate import network, simulator
from sim.camera import GREY, RGB565, UYVY, YUYV, cropped_and_scaled, port_bytes, seen
from tests.graphs import one_fire, tiny_squeezenet
from tests.kernels.test_parameters import sources_of

TOP = "camera_accelerator"
PORTS = ("clk_i", "rst_ni", "pclk_i", "vsync_i", "href_i", "data_i", "m_axis_tdata", "m_axis_tvalid", "m_axis_tready",
         "m_axis_tlast", "class_o", "class_valid_o", "frame_error_o")  # fmt: skip
PICTURES = 8


@dataclass(frozen=True)
class Camera:
    """A picture's size, what is cut out of it, and the steps of its clock (the network's has 10)."""

    form: int
    size: tuple[int, int]
    x: int
    y: int
    scale: int
    period: int = 24


def played(graph: Dataflow, camera: Camera, folder: Path, hls: Path | None = None, frame_rate: float = 20_000) -> None:
    """Simulate the network behind a camera that plays random pictures. Raises UserError if a score is wrong."""
    made = plan(graph, load_board("ulx3s-85f"), frame_rate=frame_rate)
    emitted = folder / "emit"
    interface = emit(made.design, made.foldings, made.storage, emitted)
    height, width, channels = graph.input.shape
    pictures = np.random.default_rng(3).integers(0, 256, (PICTURES, *camera.size, channels), np.uint8)
    pictures[0], pictures[1] = 255, 0  # the largest sums, and the smallest
    frames = np.stack([
        cropped_and_scaled(seen(each, camera.form), camera.x, camera.y, width, height, camera.scale)
        for each in pictures
    ])  # fmt: skip
    lines = np.stack([port_bytes(each, camera.form) for each in pictures])
    np.savez(folder / "case.npz", lines=lines, expected=interpreter.run(made.design, frames))
    simulation = simulator.build(
        folder / "build", TOP, sources(emitted, hls), PORTS, parameters=parameters(camera, graph, interface)
    )
    assert "%Warning" not in (folder / "build" / "verilator.log").read_text()
    network.link_images(emitted, folder / "build")
    environment = {"CAMERA_CASE": str(folder / "case.npz"), "CAMERA_PERIOD": str(camera.period)}
    with network.cocotb_sees(asset_folder("sim")):
        simulator.run(simulation, "camera_test", environment)


def sources(emitted: Path, hls: Path | None = None) -> list[Path]:
    own = [emitted / line for line in (emitted / "sources.f").read_text().split()]
    modules = {Path(file).stem for file in sources_of(TOP)} - {path.stem for path in own}
    return own + [hls_source(name, hls) for name in sorted(modules)]


def parameters(camera: Camera, graph: Dataflow, interface: Interface) -> Mapping[str, int | str]:
    height, width, _ = graph.input.shape
    return {
        "FORMAT": camera.form, "X": camera.x, "Y": camera.y, "SCALE": camera.scale, "WIDTH": width, "HEIGHT": height,
        "IN_BYTES": interface.in_bytes, "OUT_BYTES": interface.out_bytes, "SCORES": graph.output.elements - 1,
    }  # fmt: skip


def test_a_grey_camera_in_front_of_a_network(tmp_path: Path) -> None:
    played(tiny_squeezenet(), Camera(UYVY, (20, 21), x=4, y=3, scale=2), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channels", "camera"),
    [
        (3, Camera(RGB565, (40, 44), x=0, y=0, scale=4, period=8)),
        (3, Camera(RGB565, (17, 15), x=1, y=2, scale=1, period=90)),
        (1, Camera(YUYV, (40, 41), x=9, y=8, scale=2)),
        (1, Camera(GREY, (24, 24), x=4, y=4, scale=2, period=10)),  # a pixel a clock, and the edge of the picture
        (1, Camera(GREY, (110, 120), x=10, y=0, scale=13)),
    ],
)
def test_other_cameras(channels: int, camera: Camera, tmp_path: Path) -> None:
    played(one_fire(8 if camera.scale != 2 else 10, channels), camera, tmp_path, frame_rate=60_000)


FAULTS = {
    "rounded down": ("crop_scale", "+ SumBits'(Half)", "+ SumBits'(0)", "no picture has|every_picture"),
    "a window that begins a line late": ("crop_scale", ".SKIP(Y)", ".SKIP(Y + 1)", "every_picture"),
    "a frame that is overwritten": ("frame_store", "(came_q ^ went_there_q) != 2'b11", "1'b1", "a_slow_reader"),
    "a frame that is not whole": ("frame_store", "write_q  <= '0;", "", "a_picture_that_ends_early"),
    "the other byte": ("dvp_receiver", "? first_q : data_q", "? data_q : first_q", "every_picture"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_the_bench_notices(fault: str, tmp_path: Path) -> None:
    import shutil

    module, right, wrong, message = FAULTS[fault]
    hls = shutil.copytree(asset_folder("hls"), tmp_path / "hls")
    kernel = hls_source(module, hls)
    assert kernel.read_text().count(right) == 1
    kernel.write_text(kernel.read_text().replace(right, wrong))
    with pytest.raises(UserError, match=message):
        played(tiny_squeezenet(), Camera(UYVY, (20, 21), x=4, y=3, scale=2), tmp_path, hls)


def test_the_division_is_exact() -> None:
    """The reciprocal of crop_scale.sv gives the quotient of every sum that may come, for each scale."""
    for scale in range(1, 65):
        area = scale * scale
        largest = 255 * area + area // 2
        bits = largest.bit_length()
        shift = bits + (area - 1).bit_length()
        reciprocal = ((1 << shift) + area - 1) // area
        assert (largest * reciprocal) >> shift == largest // area == 255
        for quotient in range(256):  # where it changes
            for total in (quotient * area, quotient * area + area - 1):
                assert total * reciprocal >> shift == total // area
        assert reciprocal * (2 << bits) < 1 << (2 * bits + 2)  # the product has its bits
