"""Weight files of every sort: what is no number, missing or unknown is refused."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.export.weight_file import read_weights
from tests.export.weight_files import NETWORK, dense, write_ncnn


def test_weights_that_are_no_numbers_missing_ones_and_unknown_files(tmp_path):
    broken = dense()
    broken["conv1"].weight[0, 0, 0, 0] = np.nan
    write_ncnn(tmp_path / "net.bin", broken, half=False)
    with pytest.raises(UserError, match=r"weights of conv1 are not all finite"):
        read_weights(tmp_path / "net.bin", NETWORK)
    write_ncnn(tmp_path / "net.bin", {name: w for name, w in dense().items() if name != "conv4"})
    with pytest.raises(UserError, match=r"it has no weights for conv4"):
        read_weights(tmp_path / "net.bin", NETWORK)
    with pytest.raises(UserError, match=r"there is no file"):
        read_weights(tmp_path / "none.net", NETWORK)
    with pytest.raises(UserError, match=r"weights come from files named \*.net"):
        read_weights(tmp_path / "net.h5", NETWORK)
