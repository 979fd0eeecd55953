"""Shapes of block RAMs that several families share."""

from hwcodesign.fpga.family import BlockShape


def shapes(price: int, blocks: int, *sizes: tuple[int, int]) -> tuple[BlockShape, ...]:
    """One primitive's shapes, each (words, width)."""
    return tuple(BlockShape(words, width, price, blocks) for words, width in sizes)


SIZES_18K = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
DP16KD = shapes(128, 1, *SIZES_18K)

# Without a clock to reach, abc9 trades area for the speed of every path of every module; with one (50 MHz, in
# picoseconds), a kernel takes by itself what it takes in a network.
CLOCK_TO_REACH = "scratchpad -set abc9.D 20000; "
