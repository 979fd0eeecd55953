"""FireCaffe's measured speed-ups beside the model of `scaling` (dissertation, chapter 3; reduction trees, NVIDIA K20).

Equation 3.4 has one unknown for each network on one cluster: bandwidth over the speed of one worker, in bytes per
image. It is fitted to one row; the other rows then are predictions. With s the speed-up, p the workers and b the batch,
p / s - 1 is the time of communication over that of computation.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hwcodesign.analyze.scaling import GRADIENT_BYTES


@dataclass(frozen=True)
class ScalingRow:
    """A printed speed-up over one worker."""

    network: str
    workers: int
    batch: int
    printed: float


ROWS = (
    ScalingRow("NiN", 32, 256, 13),
    ScalingRow("NiN", 32, 1024, 23),
    ScalingRow("NiN", 128, 1024, 39),
    ScalingRow("GoogLeNet", 32, 1024, 20),
    ScalingRow("GoogLeNet", 128, 1024, 47),
)
FITTED = {"NiN": ROWS[1], "GoogLeNet": ROWS[4]}

_ROUNDING = "agrees: the printed speed-ups are whole numbers, and both rows can be had with one bandwidth"
WHY = {
    ROWS[0]: _ROUNDING,
    ROWS[1]: "fitted to this row",
    ROWS[2]: _ROUNDING,
    ROWS[3]: "a step here lost 1.4 times as long as one on 128 workers, with fewer bytes to send: something else took "
    "time (latency, reading of images, waiting for the slowest), and the model knows bytes alone",
    ROWS[4]: "fitted to this row",
}


def explained_bandwidth(row: ScalingRow, parameters: int) -> float:
    """Bytes that a link carries while one worker computes one image, if the gradients' bytes explain all of the row."""
    overhead = row.workers / row.printed - 1
    traffic = GRADIENT_BYTES * parameters * 2 * math.log2(row.workers)
    return traffic * row.workers / (row.batch * overhead)


def model_speedup(row: ScalingRow, parameters: int, bytes_per_image: float) -> float:
    """What equation 3.4 predicts for the row at a bandwidth of `bytes_per_image`."""
    traffic = GRADIENT_BYTES * parameters * 2 * math.log2(row.workers)
    return row.workers / (1 + traffic * row.workers / (row.batch * bytes_per_image))


def compare(parameters: Mapping[str, int]) -> list[dict[str, object]]:
    """Every row with the model's speed-up, the bandwidth that would explain the printed one, and why they differ."""
    fitted = {network: explained_bandwidth(row, parameters[network]) for network, row in FITTED.items()}
    return [
        {
            "network": row.network,
            "workers": row.workers,
            "batch": row.batch,
            "printed": row.printed,
            "model": model_speedup(row, parameters[row.network], fitted[row.network]),
            "explained_bytes_per_image": explained_bandwidth(row, parameters[row.network]),
            "why": WHY[row],
        }
        for row in ROWS
    ]
