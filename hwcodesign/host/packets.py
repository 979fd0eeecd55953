"""Packets on a serial line, as `hls/link/serial_link.sv` describes them: this is the host's half of it."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1
FLAG = 0x7E
ESCAPE = 0x7D
ESCAPED = 0x20  # what an escaped byte is xored with
_HEADER = struct.Struct("<BHHB")  # type, sequence number, length: its lower two bytes and its upper one
_CRC = struct.Struct("<I")
_IDENTITY = struct.Struct("<BQ")
_LOADED = struct.Struct("<H")
OVERHEAD_BYTES = _HEADER.size + _CRC.size + 2  # two flags
SEQUENCES = 1 << 16
_LONGEST = 2 * ((1 << 24) + OVERHEAD_BYTES)  # bytes of the longest packet, each of them escaped


class Request(IntEnum):
    """What the host asks for."""

    IMAGE = 1
    IDENTIFY = 2
    WEIGHTS = 3


class Answer(IntEnum):
    """What the board says; the member's name in words is the reason of a refusal."""

    UNKNOWN_TYPE = 0
    RESULT = 1
    IDENTITY = 2
    BAD_CRC = 3
    WRONG_LENGTH = 4
    OVERRUN = 5
    TIMED_OUT = 6
    LINE_BROKEN = 7


@dataclass(frozen=True)
class Packet:
    """One packet: `int_type` is a Request or an Answer by its number, `sequence` is below SEQUENCES."""

    type: int
    sequence: int
    payload: bytes = b""


@dataclass(frozen=True)
class Identity:
    """What a board says about itself.

    `design_hash`: 16 hexadecimal digits. `loaded`: how many packets of weights it has; None if it takes none.
    """

    version: int
    design_hash: str
    loaded: int | None = None

    @classmethod
    def parse(cls, payload: bytes) -> "Identity | None":
        """The payload of an IDENTITY; None if it is none."""
        known, rest = payload[: _IDENTITY.size], payload[_IDENTITY.size :]
        if len(known) < _IDENTITY.size or len(rest) not in (0, _LOADED.size):
            return None
        version, number = _IDENTITY.unpack(known)
        return cls(version, f"{number:016x}", _LOADED.unpack(rest)[0] if rest else None)


def encode(packet: Packet) -> bytes:
    """The packet as it goes over the line, with a flag at both ends."""
    length = len(packet.payload)
    body = _HEADER.pack(packet.type, packet.sequence, length & 0xFFFF, length >> 16) + packet.payload
    body += _CRC.pack(zlib.crc32(body))
    # The escape first: it must not escape the escapes of the flag.
    for special in (ESCAPE, FLAG):
        body = body.replace(bytes([special]), bytes([ESCAPE, special ^ ESCAPED]))
    return bytes([FLAG, *body, FLAG])


class Decoder:
    """Finds the packets in what comes over a line, whatever is lost or damaged between them."""

    def __init__(self) -> None:
        self.damaged = 0  # pieces between two flags that were no packet
        self._piece = bytearray()
        self._inside = False  # a flag has been seen

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take the next bytes; yields each packet that they complete."""
        *ended, rest = data.split(bytes([FLAG]))
        for part in ended:
            body = bytes(self._piece + part)
            self._piece.clear()
            if self._inside and body:
                packet = _parse(body)
                self.damaged += packet is None
                if packet:
                    yield packet
            self._inside = True
        self._piece += rest
        if len(self._piece) > _LONGEST:  # no packet: whatever talks there, it is no board of ours
            self._piece.clear()
            self.damaged += 1
            self._inside = False


def _parse(body: bytes) -> Packet | None:
    pieces = body.split(bytes([ESCAPE]))
    if not all(pieces[1:]):  # nothing follows an escape
        return None
    plain = pieces[0] + b"".join(bytes([piece[0] ^ ESCAPED]) + piece[1:] for piece in pieces[1:])
    content, crc = plain[: -_CRC.size], plain[-_CRC.size :]
    if len(content) < _HEADER.size or _CRC.pack(zlib.crc32(content)) != crc:
        return None
    packet_type, sequence, low, high = _HEADER.unpack_from(content)
    payload = content[_HEADER.size :]
    return Packet(packet_type, sequence, payload) if len(payload) == low | high << 16 else None
