"""How many BRAM18 FINN counts, to compare with."""


def finn_bram18(words: int, width: int) -> int:
    """FINN's rule for the weights of an MVAU, memory mode internal_embedded (MVAU.bram_estimation, finn-plus 1.6.1)."""
    for widest, depth, columns in ((1, 16384, 1), (2, 8192, 2), (4, 4096, 4), (9, 2048, 9)):
        if width <= widest:
            return -(-words // depth) * -(-width // columns)
    depth, columns = (1024, 18) if width <= 18 or words > 512 else (512, 36)
    return -(-words // depth) * -(-width // columns)
