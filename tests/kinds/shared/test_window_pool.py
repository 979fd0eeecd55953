"""What pools share: windows are whole, the result is checked, and wires carry blocks of channels."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, Kind, all_kinds
from hwcodesign.kinds.shared.window_pool import WindowPool

POOLS = sorted(name for name, kind in all_kinds().items() if isinstance(kind, WindowPool))


def pool(name: str, channels: int = 3, window: int = 4) -> tuple[Kind, Layer]:
    kind = all_kinds()[name]
    source = Stream((2, 2, channels * window), IntType(4, signed=False))
    bare = Layer("pool1", name, (source,), (source,), {"window": window})
    made = Layer("pool1", name, (source,), (kind.output(bare),), {"window": window})
    return kind, made


def test_there_are_pools() -> None:
    assert {"max_pool", "sum_pool"} <= set(POOLS)


@pytest.mark.parametrize("name", POOLS)
def test_each_channel_is_pooled_by_itself(name: str) -> None:
    kind, layer = pool(name)
    kind.check(layer)
    frames = np.zeros((1, 2, 2, 12), dtype=np.int64)
    frames[0, 1, 0, 4:8] = (1, 2, 3, 4)
    (made,) = kind.run(layer, [frames])
    assert made.shape == (1, 2, 2, 3)
    assert np.count_nonzero(made) == 1 and made[0, 1, 0, 1] == {"max_pool": 4, "sum_pool": 10}[name]


@pytest.mark.parametrize("name", POOLS)
def test_windows_that_are_not_whole_and_wrong_results_are_refused(name: str) -> None:
    kind, layer = pool(name)
    with pytest.raises(UserError, match="pool1: 12 elements a pixel are no whole number of windows of 5"):
        kind.check(Layer("pool1", name, layer.inputs, layer.outputs, {"window": 5}))
    with pytest.raises(UserError, match=r"not \(2, 2, 12\)"):
        kind.check(Layer("pool1", name, layer.inputs, layer.inputs, {"window": 4}))


@pytest.mark.parametrize("name", POOLS)
def test_on_the_wire_a_block_of_channels_comes_element_by_element(name: str) -> None:
    kind, layer = pool(name, channels=4, window=2)
    array = np.arange(8).reshape(1, 1, 1, 8)  # channel c holds 2c and 2c + 1
    assert kind.to_wire(layer, Folding(2), array, "in").ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    assert kind.to_wire(layer, Folding(2), array, "out") is array
    assert [f.pe for f in kind.foldings(layer)] == [1, 2, 4]
