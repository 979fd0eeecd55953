"""Ports that are not there, that nobody answers at, or that go away: one clear message, and never an endless wait."""

import os
import threading
import time
from contextlib import suppress
from typing import Any

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.host import serial_line
from hwcodesign.host.packets import Answer, Decoder, Packet, encode
from hwcodesign.host.serial_line import ATTEMPTS, NoAnswerError, SerialLine

BAUD = 115200
PATIENCE_SECONDS = 0.1


def test_nobody_answers(terminal: tuple[int, str]) -> None:
    line = SerialLine(terminal[1], BAUD, PATIENCE_SECONDS)
    assert line.identify() is None
    start = time.monotonic()
    with pytest.raises(NoAnswerError, match=f"{ATTEMPTS} times; the last time: no answer"):
        line.results([b"image"])
    assert time.monotonic() - start < 20 * ATTEMPTS * PATIENCE_SECONDS
    line.close()


def test_nobody_even_reads(terminal: tuple[int, str]) -> None:
    line = SerialLine(terminal[1], BAUD, PATIENCE_SECONDS)
    with pytest.raises(UserError, match=r"takes no more bytes|no answer"):
        line.results([bytes(1 << 20)])
    line.close()


def test_a_slow_board_is_waited_for(terminal: tuple[int, str]) -> None:
    """It takes nothing for longer than the patience that the line was opened with."""
    line = SerialLine(terminal[1], BAUD, PATIENCE_SECONDS)
    line.be_patient(30.0)
    image, heard = bytes(20_000), bytearray()  # more than a terminal holds

    def board() -> None:
        time.sleep(5 * PATIENCE_SECONDS)
        decoder = Decoder()
        while not (packets := list(decoder.feed(os.read(terminal[0], 4096)))):
            pass
        heard.extend(packets[0].payload)
        os.write(terminal[0], encode(Packet(Answer.RESULT, packets[0].sequence, b"score")))

    threading.Thread(target=board, daemon=True).start()
    assert line.results([image]) == [b"score"] and heard == image and line.retries == 0
    line.close()


def test_the_board_is_unplugged(terminal: tuple[int, str]) -> None:
    line = SerialLine(terminal[1], BAUD, 5.0)
    threading.Timer(0.1, os.close, [terminal[0]]).start()
    with pytest.raises(UserError, match="is gone"):
        line.results([b"image"])
    line.close()


class Script(threading.Thread):
    """A board that answers as it is told: `answers(count, packet)` gives the packets for the count-th request."""

    def __init__(self, terminal: int, answers: Any) -> None:
        super().__init__(daemon=True)
        self.terminal, self.answers, self.requests = terminal, answers, 0
        self.start()

    def run(self) -> None:
        decoder = Decoder()
        with suppress(OSError):  # the host's end is closed
            while True:
                for packet in decoder.feed(os.read(self.terminal, 4096)):
                    for answer in self.answers(self.requests, packet):
                        os.write(self.terminal, encode(answer))
                    self.requests += 1


def result(packet: Packet) -> Packet:
    return Packet(Answer.RESULT, packet.sequence, packet.payload)


def test_late_and_foreign_answers_are_ignored(terminal: tuple[int, str]) -> None:
    stale = Packet(Answer.RESULT, 0, b"stale")
    Script(terminal[0], lambda count, packet: [stale, result(packet), result(packet), stale])
    line = SerialLine(terminal[1], BAUD, 5.0)
    line._sequence = 100
    line.window = 3
    images = [bytes([i]) for i in range(10)]
    assert line.results(images) == images and line.retries == 0
    line.close()


def test_numbers_start_again_after_the_last(terminal: tuple[int, str]) -> None:
    Script(terminal[0], lambda count, packet: [result(packet)])
    line = SerialLine(terminal[1], BAUD, 5.0)
    line._sequence = serial_line.SEQUENCES - 3
    images = [bytes([i]) for i in range(6)]
    assert line.results(images) == images
    line.close()


def test_what_an_answer_overtakes_was_lost_and_is_sent_again_at_once(terminal: tuple[int, str]) -> None:
    Script(terminal[0], lambda count, packet: [] if count in (1, 2) else [result(packet)])
    line = SerialLine(terminal[1], BAUD, 60.0)
    line.window = 4
    heard: list[int] = []
    images = [bytes([i]) for i in range(8)]
    assert line.results(images, heard.append) == images
    assert heard == list(range(1, 9)) and line.lost == {"no answer": 2}
    line.close()


def test_a_board_that_always_refuses_is_given_up(terminal: tuple[int, str]) -> None:
    Script(terminal[0], lambda count, packet: [Packet(Answer.WRONG_LENGTH, packet.sequence)])
    line = SerialLine(terminal[1], BAUD, 5.0)
    with pytest.raises(NoAnswerError, match="wrong length"):
        line.results([b"image"])
    line.close()


def test_an_overrun_makes_the_window_small(terminal: tuple[int, str]) -> None:
    refused = {2, 3}
    Script(
        terminal[0],
        lambda count, packet: [Packet(Answer.OVERRUN, packet.sequence) if count in refused else result(packet)],
    )
    line = SerialLine(terminal[1], BAUD, 5.0)
    line.window = 4
    images = [bytes([i]) for i in range(8)]
    assert line.results(images) == images
    assert line.window == 1 and line.lost["overrun"] == 2
    line.close()


class Talking:
    """A board that answers each request with `answers` of it, and then goes on with `babble`."""

    def __init__(self, answers: Any, babble: bytes = b"") -> None:
        self.answers, self.babble, self.asked = answers, babble, Decoder()
        self.coming: list[bytes] = []
        self.requests = 0

    def write(self, port: Any, data: bytes) -> None:
        for request in self.asked.feed(data):
            self.requests += 1
            self.coming += [encode(packet) for packet in self.answers(request, self.requests)]

    def read(self, port: Any) -> bytes:
        return self.coming.pop(0) if self.coming else self.babble


def _line(monkeypatch: pytest.MonkeyPatch, board: Talking) -> SerialLine:
    monkeypatch.setattr(serial_line.ports, "open_port", lambda *_: None)
    monkeypatch.setattr(serial_line.ports, "write", board.write)
    monkeypatch.setattr(serial_line.ports, "read", board.read)
    line = SerialLine("port", 1_000_000, 0.01)
    line.result_bytes = 3
    return line


@pytest.mark.parametrize(
    "babble", [b"\0" * 64, encode(Packet(Answer.RESULT, 40_000, b"abc")) * 20, encode(Packet(77, 1))]
)
def test_babble_is_given_up_in_bounded_time(monkeypatch: pytest.MonkeyPatch, babble: bytes) -> None:
    line = _line(monkeypatch, Talking(lambda request, count: [], babble))
    monkeypatch.setattr(serial_line, "randbelow", lambda most: 10)
    start = time.monotonic()
    assert line.identify() is None
    with pytest.raises(NoAnswerError, match=f"sent one request {ATTEMPTS} times"):
        line.results([b"image"] * 3)
    line.weights = [b"abc"]
    with pytest.raises(NoAnswerError, match="does not take packet 0"):
        line.load()
    assert time.monotonic() - start < 5


def test_a_result_of_another_length_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(request: Packet, count: int) -> list[Packet]:
        return [Packet(Answer.RESULT, request.sequence, b"ab" if count < 3 else b"abc")]

    line = _line(monkeypatch, Talking(answers))
    assert line.results([b"image"]) == [b"abc"]
    assert +line.lost == {"a result of 2 bytes, not 3": 2}
    never = _line(monkeypatch, Talking(lambda request, count: [Packet(Answer.RESULT, request.sequence, b"abcd")]))
    with pytest.raises(NoAnswerError, match="the last time: a result of 4 bytes, not 3"):
        never.results([b"image"])


def test_weights_that_the_board_counts_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    def says(*counts: int) -> SerialLine:
        def answers(request: Packet, count: int) -> list[Packet]:
            return [
                Packet(Answer.IDENTITY, request.sequence, bytes(9) + counts[count % len(counts)].to_bytes(2, "little"))
            ]

        line = _line(monkeypatch, Talking(answers))
        line.weights = [b"a", b"b"]
        return line

    with pytest.raises(NoAnswerError, match="says that it has 999 packets of weights; there are 2"):
        says(999).load()
    with pytest.raises(NoAnswerError, match="does not take packet"):
        says(0, 1).load()


def test_a_piece_that_is_no_packet_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    from hwcodesign.host import packets

    monkeypatch.setattr(packets, "_LONGEST", 1000)
    decoder = Decoder()
    for _ in range(100):
        assert list(decoder.feed(b"a" * 100)) == []
        assert len(decoder._piece) <= 1000
    assert decoder.damaged > 0
    whole = Packet(Answer.RESULT, 1, b"abc")
    assert list(decoder.feed(encode(whole))) == [whole]
