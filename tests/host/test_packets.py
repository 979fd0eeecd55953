"""The packets of the serial link: what is sent arrives, and what is damaged does not."""

import re
import zlib
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.assets import hls_source
from hwcodesign.host.packets import (
    ESCAPE,
    ESCAPED,
    FLAG,
    OVERHEAD_BYTES,
    SEQUENCES,
    VERSION,
    Answer,
    Decoder,
    Identity,
    Packet,
    Request,
    encode,
)

# Many flags and escapes, so that the framing has something to do.
payloads = st.lists(st.one_of(st.sampled_from([FLAG, ESCAPE, FLAG ^ ESCAPED, ESCAPE ^ ESCAPED]), st.integers(0, 255)))
packets = st.builds(Packet, st.integers(0, 255), st.integers(0, SEQUENCES - 1), payloads.map(bytes))
FAREWELL = Packet(Request.IDENTIFY, 7)


def decoded(data: bytes, piece: int = 1 << 20) -> list[Packet]:
    decoder = Decoder()
    return [packet for at in range(0, len(data), piece) for packet in decoder.feed(data[at : at + piece])]


@given(st.lists(packets, max_size=5), st.integers(1, 9))
def test_what_is_sent_arrives_in_whatever_pieces(sent: list[Packet], piece: int) -> None:
    assert decoded(b"".join(map(encode, sent)), piece) == sent


@given(packets)
def test_flags_stand_at_the_ends_alone(packet: Packet) -> None:
    data = encode(packet)
    assert data[0] == data[-1] == FLAG and FLAG not in data[1:-1]
    assert len(data) >= OVERHEAD_BYTES + len(packet.payload)


@given(packets, st.data())
def test_a_lost_byte_spoils_one_packet_at_most(packet: Packet, data: st.DataObject) -> None:
    line = encode(packet)
    at = data.draw(st.integers(0, len(line) - 1))
    found = decoded(encode(FAREWELL) + line[:at] + line[at + 1 :] + encode(FAREWELL))
    assert found[0] == found[-1] == FAREWELL
    # A flag stands twice between packets, so one of them may be lost without any harm.
    assert found[1:-1] == ([packet] if at in (0, len(line) - 1) else [])


@given(packets, st.data())
def test_a_wrong_byte_spoils_one_packet_at_most(packet: Packet, data: st.DataObject) -> None:
    line = bytearray(encode(packet))
    at, change = data.draw(st.integers(1, len(line) - 2)), data.draw(st.integers(1, 255))
    line[at] ^= change
    decoder = Decoder()
    found = list(decoder.feed(encode(FAREWELL) + line + encode(FAREWELL)))
    assert found == [FAREWELL, FAREWELL] and decoder.damaged >= 1


@given(st.binary())
def test_noise_is_no_packet_and_does_no_harm(noise: bytes) -> None:
    found = decoded(noise + encode(FAREWELL))
    assert found[-1:] == [FAREWELL]


def test_the_bytes_are_those_of_the_description() -> None:
    body = bytes([1, 0x34, 0x12, 3, 0, 0, FLAG, 0, ESCAPE])
    crc = zlib.crc32(body).to_bytes(4, "little")
    escaped = bytes([1, 0x34, 0x12, 3, 0, 0, ESCAPE, 0x5E, 0, ESCAPE, 0x5D])
    assert FLAG not in crc and ESCAPE not in crc
    assert encode(Packet(1, 0x1234, bytes([FLAG, 0, ESCAPE]))) == bytes([FLAG, *escaped, *crc, FLAG])


def test_a_length_above_two_bytes_is_understood() -> None:
    packet = Packet(1, 2, bytes(224 * 224 * 3))
    assert decoded(encode(packet)) == [packet]


def test_an_identity_may_say_how_much_is_loaded() -> None:
    known = bytes([1, *range(8)])
    assert Identity.parse(known) == Identity(1, "0706050403020100")
    assert Identity.parse(known + b"\x02\x01") == Identity(1, "0706050403020100", 0x102)


@pytest.mark.parametrize("payload", [b"", bytes(8), bytes(10), bytes(12)])
def test_an_identity_of_another_length_is_none(payload: bytes) -> None:
    assert Identity.parse(payload) is None


@pytest.mark.parametrize(
    ("module", "numbers"),
    [
        ("link_receiver", {"FLAG": FLAG, "ESCAPE": ESCAPE} | dict(Request.__members__) | dict(Answer.__members__)),
        ("link_transmitter", {"FLAG": FLAG, "ESCAPE": ESCAPE, "VERSION": VERSION, "RESULT": 1, "IDENTITY": 2}),
    ],
)
def test_the_hardware_has_the_same_numbers(module: str, numbers: dict[str, int | IntEnum]) -> None:
    text = (hls_source(module)).read_text()
    found = dict(re.findall(r"localparam logic \[\d:0\] (\w+) = \d'([dh]\w+);", text))
    for name, number in numbers.items():
        digits = found["".join(part.capitalize() for part in name.split("_"))]  # a localparam in UpperCamelCase
        assert int(digits[1:], 16 if digits[0] == "h" else 10) == number, name
