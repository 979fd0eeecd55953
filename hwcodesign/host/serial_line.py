"""A board behind a serial line: sends packets, takes the answers, and sends again what was lost.

The board answers in the order of the requests, and an answer names its request. So an answer tells that every request
before it was lost if it has not been answered, and only the last ones need a time-out. What is sent again gets a new
number; should the old one be answered after all, nobody waits for it.

Weights go one packet after the other. The board says how many it has, so whatever was lost, the host goes on from
there: also from none at all, if the board was reset.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from secrets import randbelow

from hwcodesign.core.errors import UserError
from hwcodesign.host import ports
from hwcodesign.host.packets import (
    OVERHEAD_BYTES,
    SEQUENCES,
    Answer,
    Decoder,
    Identity,
    Packet,
    Request,
    encode,
)

ATTEMPTS = 6
_BITS_PER_BYTE = 10
_EXPECTED = {Request.IMAGE: Answer.RESULT, Request.IDENTIFY: Answer.IDENTITY}
_NO_ANSWER = "no answer"
_NO_WEIGHTS = "no weights"


class NoAnswerError(UserError):
    """The board does not answer, or only with refusals."""


class SerialLine:
    """An open port. `patience` is how many seconds without any answer mean that what is on its way was lost.

    `window` requests may be on their way at once. `weights` is what the board's memories are loaded with, a payload for
    each packet; empty for a design that needs none. A result has `result_bytes`; None: nobody knows yet.

    Every call ends: packets that answer nothing asked, and bytes that are no packets, prolong no waiting. Raises
    UserError if there is no such port, or it is busy.
    """

    def __init__(self, port: str, baud: int, patience: float) -> None:
        self.port, self.baud, self.patience = port, baud, patience
        self.window = 1
        self.weights: Sequence[bytes] = ()
        self.result_bytes: int | None = None
        self.lost: Counter[str] = Counter()  # how often something had to be sent again, by the reason
        self.bytes_read = 0
        self._serial = ports.open_port(port, baud, patience)
        self._decoder = Decoder()
        self._arrived: deque[Packet] = deque()
        # A random start: answers to what a former program has sent do not look like answers to us.
        self._sequence = randbelow(SEQUENCES)

    @property
    def retries(self) -> int:
        """How many requests had to be sent again."""
        return self.lost.total()

    def be_patient(self, seconds: float) -> None:
        """From now on wait so long for an answer, and for the line to take what is sent."""
        self.patience = seconds
        ports.be_patient(self._serial, seconds)

    def close(self) -> None:
        """Close the port."""
        self._serial.close()

    def identify(self) -> Identity | None:
        """What the board says that it is; None if nothing that knows the protocol answers at this baud rate."""
        try:
            (payload,) = self._exchange(Request.IDENTIFY, [b""], lambda done: None, attempts=2)
        except NoAnswerError:
            return None
        return Identity.parse(payload)

    def load(self) -> None:
        """Send the weights that the board does not have yet.

        Raises NoAnswerError if one packet is not taken after ATTEMPTS times.
        """
        number, failures = 0, Counter[int]()
        while number < len(self.weights):
            taken = self._send_weights(number)
            if taken > len(self.weights):
                raise NoAnswerError(f"{self.port}: the board says that it has {taken} packets of weights; "
                                    f"there are {len(self.weights)}")  # fmt: skip
            failures[number] += taken <= number
            if failures[number] == ATTEMPTS:
                raise NoAnswerError(f"{self.port}: the board does not take packet {number} of its weights, "
                                    f"sent {ATTEMPTS} times")  # fmt: skip
            number = taken

    def _send_weights(self, number: int) -> int:
        """Send one packet of weights; how many of them the board has then, or `number` itself if it did not say so."""
        self._send(Request.WEIGHTS, self.weights[number], number)
        end = self._end_of_patience(len(self.weights[number]))
        while (packet := self._receive(end)) is not None:
            if packet.sequence == number:
                identity = Identity.parse(packet.payload) if packet.type == Answer.IDENTITY else None
                if identity and identity.loaded is not None:
                    return identity.loaded
                self.lost[self._refused(packet.type)] += 1
                return number
        self.lost[_NO_ANSWER] += 1
        return number

    def results(self, images: Sequence[bytes], on_done: Callable[[int], None] = lambda done: None) -> list[bytes]:
        """Send `images`, and again what is lost; the result of each, in their order.

        `on_done` hears how many have their result. Raises NoAnswerError if one has none after ATTEMPTS times.
        """
        return self._exchange(Request.IMAGE, images, on_done, ATTEMPTS)

    def _exchange(
        self, packet_type: Request, payloads: Sequence[bytes], on_done: Callable[[int], None], attempts: int
    ) -> list[bytes]:
        answers: dict[int, bytes] = {}
        due = deque(range(len(payloads)))
        waiting: dict[int, int] = {}  # sequence number -> which payload, in the order in which they were sent
        failures: Counter[int] = Counter()

        def send_again(numbers: Sequence[int], reason: str) -> None:
            indices = [waiting.pop(number) for number in numbers]
            due.extendleft(reversed(indices))
            failures.update(indices)
            self.lost[reason] += len(indices)
            if any(failures[index] == attempts for index in indices):
                raise NoAnswerError(f"{self.port}: sent one request {attempts} times; the last time: {reason}")

        heard = True  # since `end` was set, an answer to something that waits
        end = 0.0
        while len(answers) < len(payloads):
            while due and len(waiting) < self.window:
                index = due.popleft()
                waiting[self._send(packet_type, payloads[index], self._next_number())] = index
                heard = True
            if heard:
                end, heard = self._end_of_patience(len(waiting) * len(payloads[0])), False
            packet = self._receive(end)
            if packet is None:
                send_again(list(waiting), _NO_ANSWER)
            elif packet.sequence in waiting:
                heard = True
                order = list(waiting)
                send_again(order[: order.index(packet.sequence)], _NO_ANSWER)
                if packet.type == Answer.RESULT and self.result_bytes not in (None, len(packet.payload)):
                    send_again([packet.sequence], f"a result of {len(packet.payload)} bytes, not {self.result_bytes}")
                elif packet.type == _EXPECTED[packet_type]:
                    answers[waiting.pop(packet.sequence)] = packet.payload
                    on_done(len(answers))
                elif packet.type == Answer.IDENTITY:  # it was reset, and so refuses every image on its way
                    if not self.weights:
                        raise UserError(f"{self.port}: the board holds no weights, and there are none here to load")
                    send_again(list(waiting), _NO_WEIGHTS)
                    self.load()
                else:
                    send_again([packet.sequence], self._refused(packet.type))
        return [answers[index] for index in range(len(payloads))]

    def _refused(self, packet_type: int) -> str:
        if packet_type == Answer.OVERRUN:  # the network is slower than the line: from now on one image after the other
            self.window = 1
        return (
            Answer(packet_type).name.lower().replace("_", " ")
            if packet_type in set(Answer)
            else f"answer {packet_type}"
        )

    def _end_of_patience(self, payload_bytes: int) -> float:
        """When no answer means that all was lost: what is on its way takes its time, and then patience ends.

        `payload_bytes` are in up to `window` packets; an operating system may hold it all in a buffer.
        """
        line_bytes = 2 * payload_bytes + self.window * OVERHEAD_BYTES
        return time.monotonic() + self.patience + _BITS_PER_BYTE * line_bytes / self.baud

    def _next_number(self) -> int:
        self._sequence = (self._sequence + 1) % SEQUENCES
        return self._sequence

    def _send(self, packet_type: Request, payload: bytes, sequence: int) -> int:
        ports.write(self._serial, encode(Packet(packet_type, sequence, payload)))
        return sequence

    def _receive(self, end: float) -> Packet | None:
        """The next packet; None once the clock is past `end`, whatever else still comes."""
        while not self._arrived:
            if time.monotonic() > end:
                return None
            read = ports.read(self._serial)
            self.bytes_read += len(read)
            self._arrived.extend(self._decoder.feed(read))
        return self._arrived.popleft()
