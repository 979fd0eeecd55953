"""The compression's figures beside the printed ones."""

import io

import pytest
from rich.console import Console

from hwcodesign.nets.squeezenet import SqueezeNet
from hwcodesign.quantize.compression import Size
from hwcodesign.quantize.compression_table import is_squeezenet, table

SIZE = Size(
    parameters=1_248_424, weights=415_921, biases=3_976, entries=420_000, codes=8, file=675_763, huffman=500_000
)


@pytest.mark.parametrize("printed", [True, False])
def test_printed_figures_stand_where_there_are_some(printed: bool) -> None:
    screen = Console(width=160, record=True, file=io.StringIO())
    screen.print(table(SIZE, SIZE, printed))
    text = screen.export_text()
    assert "419,897" in text and "675,763" in text and "4,993,696" in text
    assert ("421,098" in text and "-1,201" in text and "0.66 MB" in text and "-0.000 MB" in text) == printed


def test_which_network_the_printed_figures_are_of() -> None:
    assert is_squeezenet(SqueezeNet(last_pad=1).describe((227, 227, 3), 1000))
    assert not is_squeezenet(SqueezeNet(base_e=64).describe((227, 227, 3), 1000))
