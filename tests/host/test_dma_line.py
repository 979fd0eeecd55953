"""The host on a Zynq board: frames and scores in memory as the DMA's bus carries them, with a stand-in for PYNQ."""

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwcodesign.bitstream import serial_link
from hwcodesign.core.errors import UserError, VerificationError
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.host import Accelerator, dma_line
from hwcodesign.host.dma_bus import bus_of
from hwcodesign.plan import plan
from tests.graphs import one_fire
from tests.loaded import all_loaded


class Buffer(np.ndarray):
    """Memory that has been asked for and must be given back."""

    owned = 0

    def freebuffer(self) -> None:
        type(self).owned -= 1


def allocate(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    Buffer.owned += 1
    return np.full(shape, 0xA5, dtype).view(Buffer)  # memory is not empty


class Channel:
    def __init__(self, on_transfer: Any = lambda buffer: None) -> None:
        self.idle, self.error, self.started, self._on_transfer = True, False, 0, on_transfer

    def transfer(self, buffer: np.ndarray) -> None:
        self._on_transfer(buffer)

    def wait(self) -> None:
        assert self.idle

    def start(self) -> None:
        self.started += 1
        self.idle = True


class Board:
    """A Zynq with `design` loaded: its DMA's two ends, and what its registers were told."""

    def __init__(self, design: Dataflow, contract: Any) -> None:
        self.design, self.contract = design, contract
        self.transfers: list[int] = []
        self.resets: list[int] = []
        self.wrong, self.stuck, self.broken = 0, False, 0
        self.dma = types.SimpleNamespace(
            recvchannel=Channel(self.receive), sendchannel=Channel(self.send), write=lambda *a: self.resets.append(a[1])
        )
        self.control = types.SimpleNamespace(
            channel1=types.SimpleNamespace(write=lambda value, mask: self.resets.append(value)),
            channel2=types.SimpleNamespace(read=lambda: self.broken),
        )

    def receive(self, buffer: np.ndarray) -> None:
        self.scores = buffer

    def send(self, buffer: np.ndarray) -> None:
        interface = self.contract.interface
        assert buffer.shape[1:] == (interface.in_beats, bus_of(interface).in_bytes)
        assert buffer.nbytes <= dma_line.MOST_BYTES
        if self.stuck:
            self.dma.recvchannel.idle = False
            return
        self.transfers.append(len(buffer))
        frames = buffer[:, :, : interface.in_bytes].reshape(len(buffer), *self.design.input.shape)
        values = interpreter.run(self.design, np.array(frames))
        values[:, : self.contract.classes] += self.wrong
        kind = f"<i{bus_of(interface).out_bytes}"
        self.scores[:] = values.astype(kind).view(np.uint8).reshape(self.scores.shape)


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataflow, Path]:
    """A network of three channels, all of a pixel in a beat, so that the bus is wider than that; and its driver."""
    graph = one_fire(9, 3)
    made = plan(graph, load_board("pynq-z1"), frame_rate=20_000, fold={"conv1.window": {"pe": 3}})
    folder = tmp_path_factory.mktemp("design")
    emit(made.design, made.foldings, made.storage, folder / "emit")
    contract = serial_link.dma_contract("tiny", made, folder / "emit")
    images = np.random.default_rng(1).integers(0, 256, (8, *graph.input.shape))
    serial_link.hand_over(folder, contract, made.design, folder / "emit", images)
    for name in ("tiny.bit", "tiny.hwh"):
        (folder / name).touch()
    return made.design, folder


@pytest.fixture
def board(design: tuple[Dataflow, Path], monkeypatch: pytest.MonkeyPatch) -> Board:
    from hwcodesign.host.contract import Contract

    made = Board(design[0], Contract.load(design[1]))
    monkeypatch.setitem(sys.modules, "pynq", types.SimpleNamespace(Overlay=lambda path: made, allocate=allocate))
    return made


def test_the_bus_of_the_test_is_wider_than_the_network(board: Board) -> None:
    assert (board.contract.interface.in_bytes, bus_of(board.contract.interface).in_bytes) == (3, 4)


def test_images_go_in_batches_and_scores_come_back(
    design: tuple[Dataflow, Path], board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dma_line, "MOST_BYTES", 3 * 81 * 4)
    images = np.random.default_rng(2).integers(0, 256, (7, 9, 9, 3))
    board.wrong = -150  # so that some scores are negative
    done: list[int] = []
    with Accelerator(str(design[1] / "tiny.bit")) as accelerator:
        found = accelerator.predict(images, done.append)
    values, classes = interpreter.run(design[0], images), board.contract.classes
    assert np.array_equal(np.hstack(found), values - 150 * (np.arange(values.shape[1]) < classes))
    assert found.scores.min() < 0
    assert (board.transfers, done) == ([3, 3, 1], [3, 6, 7])
    assert Buffer.owned == 0


def test_the_selftest_compares_every_score(design: tuple[Dataflow, Path], board: Board) -> None:
    with Accelerator(str(design[1] / "tiny.bit")) as accelerator:
        assert accelerator.selftest() == 8
        board.wrong = 1
        with pytest.raises(VerificationError, match="8 of 8 images"):
            accelerator.selftest()


@pytest.mark.parametrize(("broken", "cause"), [(0, "no scores came"), (1, "something else than whole frames")])
def test_a_network_that_stands_still_is_reset(
    broken: int, cause: str, design: tuple[Dataflow, Path], board: Board
) -> None:
    accelerator = Accelerator(str(design[1] / "tiny.bit"))
    accelerator._line.patience = 0.05
    board.stuck, board.broken, board.resets[:] = True, broken, []
    images = np.zeros((1, 9, 9, 3), int)
    with pytest.raises(UserError, match=f"stood still: .*{cause}; it has been reset"):
        accelerator.predict(images)
    assert board.resets == [1, 0, 4]
    assert Buffer.owned == 0
    board.stuck = False
    assert np.array_equal(np.hstack(accelerator.predict(images)), interpreter.run(design[0], images))


def test_without_pynq_or_its_files_the_message_says_so(
    design: tuple[Dataflow, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynq", None)
    with pytest.raises(UserError, match="which runs on the board itself"):
        Accelerator(str(design[1] / "tiny.bit"))
    (tmp_path / "contract.json").write_bytes((design[1] / "contract.json").read_bytes())
    (tmp_path / "tiny.bit").touch()
    with pytest.raises(UserError, match=r"there is no .*tiny\.hwh"):
        Accelerator(str(tmp_path / "tiny.bit"))


def test_a_design_without_the_dma_is_refused(design: tuple[Dataflow, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    fake = types.SimpleNamespace(Overlay=lambda path: types.SimpleNamespace(), allocate=allocate)
    monkeypatch.setitem(sys.modules, "pynq", fake)
    with pytest.raises(UserError, match="has no DMA for a network"):
        Accelerator(str(design[1] / "tiny.bit"))


class LoadingBoard(Board):
    """One whose network takes weights after every reset."""

    def __init__(self, design: Dataflow, contract: Any) -> None:
        super().__init__(design, contract)
        self.loaded = b""
        self.control.channel1.write = self.reset

    def reset(self, value: int, mask: int) -> None:
        self.loaded = b""

    def send(self, buffer: np.ndarray) -> None:
        if len(self.loaded) < self.contract.interface.weight_frames * self.contract.image_bytes:
            self.loaded += buffer[:, :, : self.contract.interface.in_bytes].tobytes()
            self.transfers.append(-len(buffer))
        else:
            super().send(buffer)


def test_weights_go_first_after_every_reset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = all_loaded(one_fire(8, 1), "zcu104", 20_000)
    interface = emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    contract = serial_link.dma_contract("tiny", made, tmp_path / "emit")
    images = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 1))
    serial_link.hand_over(tmp_path, contract, made.design, tmp_path / "emit", images)
    for name in ("tiny.bit", "tiny.hwh"):
        (tmp_path / name).touch()
    board = LoadingBoard(made.design, contract)
    monkeypatch.setitem(sys.modules, "pynq", types.SimpleNamespace(Overlay=lambda path: board, allocate=allocate))
    monkeypatch.setattr(dma_line, "MOST_BYTES", 4 * 64)
    expected = interpreter.run(made.design, images)
    rest = interface.weight_frames % 4
    weights = [-4] * (interface.weight_frames // 4) + ([-rest] if rest else [])
    with Accelerator(str(tmp_path / "tiny.bit")) as accelerator:
        for _ in range(2):
            assert np.array_equal(np.hstack(accelerator.predict(images)), expected)
        assert board.loaded == (tmp_path / "weights.bin").read_bytes()
        assert board.transfers == [*weights, 3, 3]
        accelerator._line.patience, board.stuck = 0.05, True
        with pytest.raises(UserError, match="has been reset"):
            accelerator.predict(images)
        board.stuck, board.transfers = False, []
        assert np.array_equal(np.hstack(accelerator.predict(images)), expected)
        assert board.transfers == [*weights, 3]
