"""Data-parallel training on more workers: communication of gradients against computation (dissertation, chapter 3).

Every worker computes the gradients of its share of a batch; then all of them need the sum. |∇W| is the size of the
gradients, 4 bytes a parameter, BW the bandwidth of one worker's link, p the number of workers:

    parameter server   |∇W| * p / BW               (equation 3.3)
    reduction tree     |∇W| * 2 * log2(p) / BW     (equation 3.4)
    ring allreduce     |∇W| * 2 * (p - 1) / p / BW (P. Patarasuk, X. Yuan, Bandwidth optimal all-reduce, 2009)

One worker communicates nothing. Only bytes count here: not latency, reading of images, or a share too small to fill a
worker. FireCaffe communicates behind the backward pass; today's libraries while it runs, which `overlapped` shows.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hwcodesign.core.errors import UserError

GRADIENT_BYTES = 4  # a 32-bit float
FORWARD_SHARE = 1 / 3  # of the computation of one step; backward takes twice as much
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


@dataclass(frozen=True)
class Step:
    """One training step of a global batch on `workers` workers; all times in seconds."""

    workers: int
    images_each: int
    compute: float
    server: float
    tree: float
    ring: float

    def seconds(self, way: str) -> float:
        """Of the whole step with a `way` of communicating: server, tree, ring, or overlapped (a ring)."""
        if way == "overlapped":
            forward = FORWARD_SHARE * self.compute
            return forward + max(self.compute - forward, self.ring)
        return self.compute + float(getattr(self, way))


WAYS = ("server", "tree", "ring", "overlapped")


@dataclass(frozen=True)
class Scaling:
    """The steps for rising numbers of workers; `gradient_bytes` are |∇W|, bandwidth is in bytes per second."""

    title: str
    batch: int
    gradient_bytes: int
    images_per_second: float
    bandwidth: float
    steps: tuple[Step, ...]

    def speedup(self, step: Step, way: str) -> float:
        """Over one worker that computes the whole batch."""
        return self.batch / self.images_per_second / step.seconds(way)


def scaling(
    title: str, parameters: int, batch: int, workers: Sequence[int], images_per_second: float, bandwidth: float
) -> Scaling:
    """Price a training step of `batch` images in all for every number of workers.

    `images_per_second` is one worker's, forward and backward; `bandwidth` in bytes per second. Raises UserError for
    more workers than images.
    """
    if max(workers) > batch:
        raise UserError(
            f"{max(workers)} workers for a batch of {batch} images leave some without any: "
            f"give at most {batch} workers, or a larger --batch"
        )
    size = GRADIENT_BYTES * parameters
    steps = tuple(_step(p, batch, images_per_second, size / bandwidth) for p in workers)
    return Scaling(title, batch, size, images_per_second, bandwidth, steps)


def _step(workers: int, batch: int, images_per_second: float, once: float) -> Step:
    """`once` is the time of sending all gradients over one link."""
    images = -(-batch // workers)
    several = workers > 1
    return Step(
        workers,
        images,
        compute=images / images_per_second,
        server=once * workers * several,
        tree=once * 2 * math.log2(workers),
        ring=once * 2 * (workers - 1) / workers,
    )


def parse_workers(text: str) -> tuple[int, ...]:
    """Numbers of workers: "1,2,6" as they stand, rising; "1..128" doubles from the first up to the last."""
    if match := re.fullmatch(r"(\d+)\.\.(\d+)", text):
        first, last = map(int, match.groups())
        if 1 <= first <= last:
            doubled = (first << k for k in range((last // first).bit_length()))
            return tuple(sorted({*doubled, last}))
    elif re.fullmatch(r"\d+(,\d+)*", text):
        found = tuple(sorted({int(part) for part in text.split(",")}))
        if found[0] >= 1:
            return found
    raise UserError(f"--workers {text}: must be numbers from 1 on such as 1,2,4, or a range that doubles, 1..128")


def parse_bandwidth(text: str) -> float:
    """Bytes per second from "1.25GB/s", "10Gbit/s", "800Mb" (B: bytes; b or bit: bits)."""
    match = re.fullmatch(r"([\d.]+(?:e\d+)?)\s*([kMGT]?)(B|bit|b)(?:/s|ps)?", text)
    try:
        value = float(match[1]) * _UNITS[match[2]] / (1 if match[3] == "B" else 8) if match else 0.0
    except ValueError:
        value = 0.0
    if value <= 0:
        raise UserError(f"--bandwidth {text}: must be bytes or bits per second, such as 1.25GB/s or 10Gbit/s")
    return value
