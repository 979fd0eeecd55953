"""FireCaffe's printed speed-ups beside the model."""

import pytest

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.firecaffe import ROWS, compare, explained_bandwidth, model_speedup
from hwcodesign.analyze.scaling import scaling
from hwcodesign.analyze.subject import find_subject


def test_nin_on_firecaffes_rows_within_the_printed_digits():
    rows = compare({name: costs(find_subject(name).network()).parameters for name in ("NiN", "GoogLeNet")})
    models = {(row["network"], row["workers"], row["batch"]): row["model"] for row in rows}
    assert models["NiN", 32, 1024] == pytest.approx(23) and models["GoogLeNet", 128, 1024] == pytest.approx(47)
    assert abs(models["NiN", 32, 256] - 13) < 0.6 and abs(models["NiN", 128, 1024] - 39) < 1.2
    assert models["GoogLeNet", 32, 1024] > 24  # 20 are printed: bytes alone do not explain it


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_bandwidth_that_explains_a_row_gives_it_back(row):
    found = explained_bandwidth(row, 1_000_000)
    assert model_speedup(row, 1_000_000, found) == pytest.approx(row.printed)
    # The same by way of the priced steps, at a speed of one image per second.
    result = scaling("net", 1_000_000, row.batch, (row.workers,), 1.0, found)
    assert result.speedup(result.steps[0], "tree") == pytest.approx(row.printed)
