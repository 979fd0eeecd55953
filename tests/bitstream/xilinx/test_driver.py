"""The driver's folder works by itself: without the installed package, with numpy alone, on the board's Python."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.bitstream import serial_link
from hwcodesign.bitstream.xilinx.driver import host_modules, installation, write_driver
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from tests.graphs import tiny_squeezenet

BOARDS_PYTHON = (3, 10)  # of PYNQ 3.0
# A stand-in for PYNQ whose network answers with zeros.
PYNQ = """
import numpy, types
class Buffer(numpy.ndarray):
    def freebuffer(self): pass
def allocate(shape, dtype): return numpy.zeros(shape, dtype).view(Buffer)
class Channel:
    idle, error = True, False
    def transfer(self, buffer): pass
    def wait(self): pass
    def start(self): pass
class Overlay:
    def __init__(self, path):
        gpio = types.SimpleNamespace(write=lambda *a: None, read=lambda: 0)
        self.dma = types.SimpleNamespace(sendchannel=Channel(), recvchannel=Channel(), write=lambda *a: None)
        self.control = types.SimpleNamespace(channel1=gpio, channel2=gpio)
"""


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    made = plan(tiny_squeezenet(), load_board("pynq-z1"), frame_rate=10_000)
    emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    images = np.random.default_rng(1).integers(0, 256, (4, 8, 8, 1))
    serial_link.hand_over(
        tmp_path, serial_link.dma_contract("tiny", made, tmp_path / "emit"), made.design, tmp_path / "emit", images
    )
    folder = write_driver(tmp_path, "tiny", tmp_path)
    for name in ("tiny.bit", "tiny.hwh"):
        (folder / name).touch()
    (folder / "pynq.py").write_text(PYNQ)
    return folder


def classify(driver: Path, *images: Path) -> subprocess.CompletedProcess[str]:
    """Run the example with the folder's own modules alone: a hook refuses this checkout."""
    guard = (
        "import sys, runpy; sys.argv = sys.argv[1:]; "
        f"sys.path = [p for p in sys.path if p != {str(Path.cwd())!r}]; sys.path.insert(0, {str(driver)!r}); "
        "import hwcodesign; assert hwcodesign.__file__.startswith(sys.path[0]), hwcodesign.__file__; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-c", guard, str(driver / "classify.py"), *map(str, images)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=driver)


def test_the_example_classifies(driver: Path) -> None:
    from PIL import Image

    Image.new("L", (8, 8), 200).save(driver / "grey.png")
    ran = classify(driver, driver / "grey.png")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0].endswith("grey.png") and [line.split() for line in lines[1:]] == [["0", "0"]]


def test_the_example_tests_the_board_and_says_what_is_wrong(driver: Path) -> None:
    ran = classify(driver)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: 4 of 4 images have other scores than the integer reference")


def test_the_driver_is_small_and_for_the_boards_python(driver: Path) -> None:
    files = [*driver.rglob("*.py")]
    for file in files:
        ast.parse(file.read_text(), feature_version=BOARDS_PYTHON)
    assert sum(file.stat().st_size for file in files) < 200_000
    assert len(host_modules()) == len([*(driver / "hwcodesign").rglob("*.py")])


def test_how_to_install_it_is_said() -> None:
    assert installation("net", built=True).startswith("copy the folder driver")
    assert "once net.bit and net.hwh are built" in installation("net", built=False)
