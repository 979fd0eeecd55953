"""The whole board in RTL behind a port: the host's driver gets every score right, whatever happens on the line."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwcodesign import cli
from hwcodesign.bitstream import emulated_board
from hwcodesign.core.errors import UserError, VerificationError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.fpga.board import load_board
from hwcodesign.host import Accelerator, ports, serial_line
from hwcodesign.host.contract import Contract
from hwcodesign.host.packets import FLAG, OVERHEAD_BYTES, Answer, Decoder, Identity, Packet, Request, encode
from hwcodesign.plan import Plan, plan
from tests.emulated import PATIENCE_SECONDS, Emulated, emulated, lost_over, timed_out_over
from tests.graphs import tiny_squeezenet

IMAGES = 12
IMAGE_BYTES = 8 * 8
START = 0x1000  # the sequence number before the first
# The first request asks for the identity; then come the images. Escapes move the later ones by a few bytes.
FIRST_IMAGE = len(encode(Packet(Request.IDENTIFY, START + 1)))
IMAGE_PACKET = IMAGE_BYTES + OVERHEAD_BYTES
MIDDLE = FIRST_IMAGE + 3 * IMAGE_PACKET + IMAGE_PACKET // 2


def build(run: Path, frame_rate: float, conv1_filters: int = 4) -> Emulated:
    made = plan(tiny_squeezenet(conv1_filters=conv1_filters), load_board("ulx3s-85f"), frame_rate=frame_rate)
    return emulated(run, made, IMAGES)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Emulated:
    return build(tmp_path_factory.mktemp("runs") / "tiny", frame_rate=30_000)


@pytest.fixture(autouse=True)
def _same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_line, "randbelow", lambda limit: START)


@pytest.fixture
def port(tiny: Emulated) -> Iterator[str]:
    with emulated_board.running(tiny.emulation) as board:
        yield board.port


def test_images_back_to_back(tiny: Emulated) -> None:
    assert Contract.load(tiny.design).window == 8
    assert lost_over(tiny, emulated_board.NO_FAULTS) == {}


@pytest.mark.parametrize(
    ("to_board", "reasons"),
    [
        ({MIDDLE: "lose"}, {"bad crc": 1}),
        ({MIDDLE: "flip"}, {"bad crc": 1}),
        ({FIRST_IMAGE + 1: "flip"}, {"bad crc": 1}),  # its type
        ({FIRST_IMAGE + 2: "flip"}, {"no answer": 1}),  # its number: refused under a wrong one
        ({FIRST_IMAGE + 4: "flip"}, {"bad crc": 1}),  # its length
        ({FIRST_IMAGE: "lose"}, {}),  # its opening flag: the closing one before it does
        ({FIRST_IMAGE - 1: "lose"}, {"timed out": 1}),  # the closing flag of the question before it, which goes alone
        ({MIDDLE: "break"}, {"line broken": 1}),
        ({MIDDLE: "pause"}, {"timed out": 1}),
        ({MIDDLE: "glitch"}, {}),
        ({MIDDLE: "reset"}, {"no answer": 2}),  # this image, and the one before it, which has no answer yet
    ],
)
def test_a_fault_on_the_way_to_the_board(tiny: Emulated, to_board: dict[int, str], reasons: dict[str, int]) -> None:
    assert lost_over(tiny, emulated_board.Faults(to_board, {})) == reasons


@pytest.mark.parametrize("fault", ["lose", "flip"])
def test_a_fault_on_the_way_to_the_host(tiny: Emulated, fault: str) -> None:
    assert lost_over(tiny, emulated_board.Faults({}, {60: fault})) == {"no answer": 1}
    last = (9 + OVERHEAD_BYTES) + IMAGES * (2 * 6 + OVERHEAD_BYTES) - 8  # nothing comes after it: a time-out
    assert timed_out_over(tiny, emulated_board.Faults({}, {last: fault})) >= 1


def test_many_faults_both_ways(tiny: Emulated) -> None:
    chance = np.random.default_rng(5)
    kinds = ["lose", "flip", "break", "pause", "glitch", "reset"]
    to_board = {int(at): str(chance.choice(kinds)) for at in chance.integers(20, 1200, 12)}
    to_host = {int(at): str(chance.choice(kinds[:2])) for at in chance.integers(30, 300, 3)}
    assert sum(lost_over(tiny, emulated_board.Faults(to_board, to_host)).values()) > 5


def test_a_network_slower_than_the_line_is_sent_one_image_at_a_time(tmp_path: Path) -> None:
    slow = build(tmp_path / "slow", frame_rate=500, conv1_filters=16)
    contract = Contract.load(slow.design)
    assert contract.window == 1
    assert lost_over(slow, emulated_board.NO_FAULTS) == {}
    replace(contract, window=8).save(slow.design)
    assert lost_over(slow, emulated_board.NO_FAULTS).keys() == {"overrun"}


def image(size: int) -> bytes:
    return encode(Packet(Request.IMAGE, 5, bytes(size)))


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (image(IMAGE_BYTES), Answer.RESULT),
        (image(IMAGE_BYTES - 1), Answer.WRONG_LENGTH),
        (image(IMAGE_BYTES + 1), Answer.WRONG_LENGTH),
        (image(10 * IMAGE_BYTES), Answer.WRONG_LENGTH),
        (image(0), Answer.WRONG_LENGTH),
        (encode(Packet(Request.IDENTIFY, 5, b"?")), Answer.WRONG_LENGTH),
        (encode(Packet(9, 5)), Answer.UNKNOWN_TYPE),
        (image(IMAGE_BYTES)[:-3] + bytes([FLAG]), Answer.BAD_CRC),
        (image(IMAGE_BYTES)[:-3], Answer.TIMED_OUT),
        (bytes([FLAG, FLAG, FLAG]), None),
        (b"no packet at all", None),
    ],
)
def test_every_request_has_its_answer(tiny: Emulated, sent: bytes, answer: Answer | None) -> None:
    farewell = encode(Packet(Request.IDENTIFY, 77))
    decoder, found, end = Decoder(), list[Packet](), time.monotonic() + PATIENCE_SECONDS
    silence = emulated_board.Faults({len(sent): "pause"}, {})  # in between: longer than the time-out within a packet
    with emulated_board.running(tiny.emulation, silence) as board:
        line = ports.open_port(board.port, emulated_board.BAUD, PATIENCE_SECONDS)
        ports.write(line, sent + farewell)
        while (not found or found[-1].sequence != 77) and time.monotonic() < end:
            found += decoder.feed(ports.read(line))
        line.close()
    assert [(packet.type, packet.sequence) for packet in found[:-1]] == ([(answer, 5)] if answer is not None else [])
    assert found[-1].type == Answer.IDENTITY and decoder.damaged == 0


def test_the_board_says_which_design_it_holds(tiny: Emulated, port: str) -> None:
    line = serial_line.SerialLine(port, emulated_board.BAUD, PATIENCE_SECONDS)
    assert line.identify() == Identity(1, Contract.load(tiny.design).design_hash)
    line.close()


def test_a_bitstream_of_the_same_design_is_another_board(tiny: Emulated, port: str, tmp_path: Path) -> None:
    contract = Contract.load(tiny.design)
    for name, own in (("bitstream", replace(contract, baud=3_000_000, patience=0.2)), ("emulate", contract)):
        (tmp_path / name).mkdir()
        own.save(tmp_path / name)
    with Accelerator(port, tmp_path) as board:
        assert board.folder == tmp_path / "emulate" and board.contract == contract


def test_another_design_on_the_board_is_noticed(tiny: Emulated, port: str, tmp_path: Path) -> None:
    contract = Contract.load(tiny.design)
    replace(contract, design_hash="0123456789abcdef").save(tmp_path)
    with pytest.raises(UserError, match=f"holds the design {contract.design_hash}, but here is 0123456789abcdef"):
        Accelerator(port, tmp_path)
    Accelerator(port, tiny.design).close()  # the port is free again


def test_a_port_that_is_open_elsewhere_is_busy(tiny: Emulated, port: str) -> None:
    with Accelerator(port, tiny.design), pytest.raises(UserError, match="is busy"):
        Accelerator(port, tiny.design)


def test_a_wrong_score_fails_the_selftest(tiny: Emulated, port: str, tmp_path: Path) -> None:
    Contract.load(tiny.design).save(tmp_path)
    with np.load(tiny.design / "selftest.npz") as arrays:
        values = arrays["values"].copy()
        values[3, 1] += 1
        np.savez(tmp_path / "selftest.npz", images=arrays["images"], values=values)
    with Accelerator(port, tmp_path) as board, pytest.raises(VerificationError, match=r"1 of 16 images .* image 3"):
        board.selftest()


def test_the_commands(
    tiny: Emulated, port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    for i, frame in enumerate(tiny.images[:3]):
        Image.fromarray(frame[:, :, 0].astype(np.uint8)).save(tmp_path / f"{i}.png")
    Image.new("L", (9, 8)).save(tmp_path / "wide.png")
    (tmp_path / "text.png").write_text("no image")
    monkeypatch.chdir(tmp_path)

    def outcome(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["hwcodesign", *arguments, "--port", port, "--runs", str(tiny.run.parent)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    code, printed = outcome("selftest", "--run", "tiny")
    assert code == 0 and "all scores of 16 images are right" in printed
    code, printed = outcome("classify", "0.png", "1.png", "2.png")
    assert code == 0
    assert [int(line.split()[1]) for line in printed.splitlines() if ".png" in line] == tiny.expected[:3, -1].tolist()
    for arguments, message in (
        (["classify", "wide.png"], "wide.png has 9 x 8 pixels; tiny takes 8 x 8"),
        (["classify", "text.png"], "cannot read the image text.png"),
        (["classify", "none.png"], "there is no file none.png"),
        (["selftest", "--run", "large"], "there is no run 'large'"),
    ):
        code, printed = outcome(*arguments)
        assert code == 2 and message in printed and "Traceback" not in printed
    assert outcome("classify", "wide.png", "--resize")[0] == 0


def test_it_is_built_once_and_waits_as_long_as_a_picture_may_take(tiny: Emulated) -> None:
    program = Path(tiny.emulation.simulation.command[0])
    before = program.stat().st_mtime_ns
    assert emulated_board.prepare(RunFolder(tiny.run)) == tiny.emulation
    assert program.stat().st_mtime_ns == before
    made = Plan.load(tiny.run / "plan")
    assert emulated_board.contract_of("tiny", made, tiny.run / "emit", tiny.emulation).patience >= 10.0
    slow = replace(tiny.emulation, quiet_clocks=1_000_000)
    assert emulated_board.contract_of("tiny", made, tiny.run / "emit", slow).patience > 1000.0


@pytest.mark.slow
def test_board_and_host_come_and_go_twenty_times(tiny: Emulated) -> None:
    for _ in range(20):
        assert lost_over(tiny, emulated_board.NO_FAULTS) == {}


def test_a_run_without_a_design_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no emitted design"):
        emulated_board.prepare(RunFolder(tmp_path / "digits"))


def test_the_port_is_there_as_long_as_the_board(tiny: Emulated) -> None:
    with emulated_board.running(tiny.emulation) as board:
        assert Path(board.port).exists()
    assert not os.path.lexists(board.port)


def test_a_simulation_that_fails_is_no_endless_wait(tiny: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulated_board, "_TEST", "no_such_test")
    with pytest.raises(UserError, match="no_such_test"), emulated_board.running(tiny.emulation):
        pass
