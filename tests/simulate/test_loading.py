"""Weights that are loaded after reset: whole networks in RTL, and the whole board with what goes wrong on its line."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.bitstream import emulated_board
from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import WEIGHTS
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.top_level import emit
from hwcodesign.graph import interpreter
from hwcodesign.host import Accelerator, ports, serial_line
from hwcodesign.host.contract import Contract
from hwcodesign.host.packets import OVERHEAD_BYTES, Answer, Decoder, Identity, Packet, Request, encode
from hwcodesign.simulate import network
from hwcodesign.simulate.regimes import Regime
from tests.emulated import PATIENCE_SECONDS, Emulated, emulated, lost_over, timed_out_over
from tests.graphs import one_fire, tiny_squeezenet
from tests.loaded import all_loaded

IMAGES = 6
START = 0x1000  # the sequence number before the first
IMAGE_PACKET = 8 * 8 + OVERHEAD_BYTES
FIRST_WEIGHTS = len(encode(Packet(Request.IDENTIFY, START + 1)))


@pytest.mark.parametrize(
    ("described", "board", "rate", "pixels"),
    [(tiny_squeezenet(), "icebreaker", 300, 1), (one_fire(10, 3), "zcu104", 30_000, 3)],
)
def test_every_score_of_a_network_with_loaded_weights(
    described: Dataflow, board: str, rate: float, pixels: int, tmp_path: Path
) -> None:
    """Weights first, then frames, on one stream; without stalls at the planned rate, and with stalls at both ends."""
    made = all_loaded(described, board, rate)
    interface = emit(made.design, made.foldings, made.storage, tmp_path / "emitted")
    assert interface.weight_frames > 0
    assert not list((tmp_path / "emitted" / "memory").glob("*.weights.*"))
    simulation = network.build(tmp_path / "emitted", tmp_path / "simulation")
    frames = np.random.default_rng(pixels).integers(0, 256, (IMAGES, *made.design.input.shape))
    expected = interpreter.run(made.design, frames)
    for stalls in ((0.0, 0.0), (0.3, 0.3)):
        measured = network.simulate(
            simulation,
            tmp_path / "emitted",
            frames,
            made.design.input.type,
            20_000,
            regime=Regime("stalls", stalls),
        )
        assert network.compare(measured.results.values, expected) == []
        if stalls == (0, 0):
            assert measured.cycles_per_frame == made.cycles_per_frame
            assert abs(measured.latency_cycles / made.latency_cycles - 1) < 0.02


def test_other_weights_give_other_scores(tmp_path: Path) -> None:
    """The scores do rest on what is loaded: with one bit changed, some are wrong."""
    made = all_loaded(tiny_squeezenet(), "icebreaker", 300)
    emit(made.design, made.foldings, made.storage, tmp_path / "emitted")
    file = tmp_path / "emitted" / WEIGHTS
    data = bytearray(file.read_bytes())
    data[0] ^= 4
    file.write_bytes(data)
    simulation = network.build(tmp_path / "emitted", tmp_path / "simulation")
    frames = np.random.default_rng(1).integers(0, 256, (IMAGES, *made.design.input.shape))
    measured = network.simulate(simulation, tmp_path / "emitted", frames, made.design.input.type, 20_000)
    assert network.compare(measured.results.values, interpreter.run(made.design, frames))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Emulated:
    made = all_loaded(tiny_squeezenet(), "icebreaker", 5000)
    return emulated(tmp_path_factory.mktemp("runs") / "tiny", made, IMAGES)


@pytest.fixture(autouse=True)
def _same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_line, "randbelow", lambda limit: START)


@pytest.fixture
def port(built: Emulated) -> Iterator[str]:
    with emulated_board.running(built.emulation) as board:
        yield board.port


def weights_byte(built: Emulated, packet: int) -> int:
    """A byte in the middle of that packet of weights, counted from the first that the host sends."""
    pieces = Contract.load(built.design).weights(built.design)
    before = sum(len(encode(Packet(Request.WEIGHTS, n, pieces[n]))) for n in range(packet))
    return FIRST_WEIGHTS + before + IMAGE_PACKET // 2


def test_weights_then_images(built: Emulated) -> None:
    assert lost_over(built, emulated_board.NO_FAULTS) == {}


@pytest.mark.parametrize("fault", ["lose", "flip", "break", "pause"])
def test_a_fault_in_the_weights(built: Emulated, fault: str) -> None:
    reason = {"lose": "bad crc", "flip": "bad crc", "break": "line broken", "pause": "timed out"}[fault]
    assert lost_over(built, emulated_board.Faults({weights_byte(built, 3): fault}, {})) == {reason: 1}


def test_a_reset_in_the_weights_starts_them_again(built: Emulated) -> None:
    assert timed_out_over(built, emulated_board.Faults({weights_byte(built, 4): "reset"}, {})) >= 1


def test_a_lost_answer_does_not_load_weights_twice(built: Emulated) -> None:
    answer = len(encode(Packet(Answer.IDENTITY, 0, bytes(11))))
    assert timed_out_over(built, emulated_board.Faults({}, {2 * answer + 5: "lose"})) >= 1


def test_a_reset_between_images_is_noticed_and_the_weights_loaded_again(built: Emulated) -> None:
    packets = Contract.load(built.design).interface.weight_frames
    middle = weights_byte(built, packets - 1) + 3 * IMAGE_PACKET
    lost = lost_over(built, emulated_board.Faults({middle: "reset"}, {}))
    assert lost["no weights"] > 0


def test_a_board_that_is_loaded_stays_so_for_the_next_program(built: Emulated, port: str) -> None:
    for _ in range(2):
        with Accelerator(port, built.design) as accelerator:
            assert (np.hstack(accelerator.predict(built.images[:2])) == built.expected[:2]).all()
            identity = accelerator._line.identify()  # type: ignore[union-attr]
            assert identity and identity.loaded == accelerator.contract.interface.weight_frames


def answers_to(port: str, *sent: Packet) -> list[Packet]:
    """What the board answers to these packets, in order."""
    line, decoder, found = ports.open_port(port, emulated_board.BAUD, PATIENCE_SECONDS), Decoder(), []
    for packet in sent:
        ports.write(line, encode(packet))
        end = time.monotonic() + PATIENCE_SECONDS
        while (not found or found[-1].sequence != packet.sequence) and time.monotonic() < end:
            found += decoder.feed(ports.read(line))
    line.close()
    return found


def test_the_board_says_what_it_has_and_takes_only_what_is_next(built: Emulated, port: str) -> None:
    pieces = Contract.load(built.design).weights(built.design)
    image = bytes(8 * 8)
    found = answers_to(
        port,
        Packet(Request.IMAGE, 77, image),
        Packet(Request.WEIGHTS, 1, pieces[1]),
        Packet(Request.WEIGHTS, 0, pieces[0]),
        Packet(Request.IDENTIFY, 78),
        Packet(Request.WEIGHTS, 2, pieces[2]),
        Packet(Request.WEIGHTS, 1, pieces[1][:-1]),
    )
    assert [packet.type for packet in found] == [Answer.IDENTITY] * 5 + [Answer.WRONG_LENGTH]
    loaded = [identity.loaded if (identity := Identity.parse(p.payload)) else None for p in found]
    assert loaded == [0, 0, 1, 1, 1, None]


def test_without_the_right_file_there_is_no_way_to_load(built: Emulated, port: str, tmp_path: Path) -> None:
    Contract.load(built.design).save(tmp_path)
    with pytest.raises(UserError, match=f"there is no {tmp_path / WEIGHTS}"):
        Accelerator(port, tmp_path)
    (tmp_path / WEIGHTS).write_bytes((built.design / WEIGHTS).read_bytes()[:-1] + b"!")
    with pytest.raises(UserError, match="does not hold the weights of tiny"):
        Accelerator(port, tmp_path)


def test_images_for_a_board_without_weights_are_a_clear_error(port: str) -> None:
    line = serial_line.SerialLine(port, emulated_board.BAUD, PATIENCE_SECONDS)
    with pytest.raises(UserError, match="the board holds no weights"):
        line.results([bytes(8 * 8)])
    line.close()
