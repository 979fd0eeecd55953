"""What is asked of a quantization."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class QuantizeRequest:
    """What to quantize: the file of float weights, where calibration images come from, how many, how far to equalize.

    `calibration` None: the folder `calibration` of the data, else the data set's training images.
    """

    weights: Path
    calibration: Path | None = None
    images: int = 256
    equalization: float = 0.5
