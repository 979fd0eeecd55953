"""Numbers of the file as multiples of one unit: how scales that differ become integers."""

import numpy as np

MOST_MULTIPLIER = 1 << 17
MOST_FACTOR = 1 << 10  # of an input of a sum
EXACT = 2.0**-40  # relative: float32's constants as they are, float64's last digits aside
DECIMAL = 2.0**-23  # as the decimal numbers that were rounded to float32; a ratio is known to two such roundings


def integer_ratios(numbers: np.ndarray, precision: float = EXACT) -> tuple[np.ndarray, float] | None:
    """Integers (n,) int64 and a unit > 0 with numbers = integers * unit, within `precision` of each.

    The smallest integers; None if there are none up to MOST_MULTIPLIER.
    """
    sizes = np.abs(numbers[numbers != 0])
    if not len(sizes):
        return np.zeros(len(numbers), dtype=np.int64), 1.0
    unit = float(sizes.min())
    most = int(MOST_MULTIPLIER * unit / sizes.max())
    for start in range(1, most + 1, 4096):
        parts = np.arange(start, min(start + 4096, most + 1))
        multiples = np.unique(sizes)[:, None] / unit * parts
        whole = np.all(np.abs(multiples - np.rint(multiples)) <= precision * multiples, axis=0)
        if whole.any():
            part = int(parts[np.argmax(whole)])
            return np.rint(numbers / unit * part).astype(np.int64), unit / part
    return None
