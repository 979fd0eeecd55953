"""A model of the energy that one frame takes in a chip's arithmetic and memory: for comparing networks, not boards.

Every coefficient is from M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014, figure
1.1.9: 45 nm, 0.9 V. An FPGA's programmable fabric takes more; only a meter on a board tells how much.
"""

from hwcodesign.analyze.costs import Costs

SOURCE = "Horowitz, ISSCC 2014, figure 1.1.9: 45 nm, 0.9 V"
FLOAT_MAC_PJ = 3.7 + 0.9  # 32-bit multiply and add
INT8_MAC_PJ = 0.2 + 0.1  # 8-bit multiply, 32-bit add; fewer bits take less, so this is an upper bound
SRAM_PJ_PER_BYTE = 10.0 / 8  # 64 bits from a cache of 8 KB
DRAM_PJ_PER_BYTE = 1300.0 / 8  # 64 bits, the lower end of 1.3 to 2.6 nJ


def arithmetic_joule(total: Costs) -> float:
    """Energy of one frame's operations; two make a multiply-accumulate."""
    return total.operations / 2 * mac_pj(total) * 1e-12


def mac_pj(total: Costs) -> float:
    """Energy of one multiply-accumulate."""
    return INT8_MAC_PJ if total.quantized else FLOAT_MAC_PJ


def memory_joule(total: Costs, pj_per_byte: float) -> float:
    """Energy of reading every parameter once, and writing and reading every activation once, for one frame."""
    return (total.parameter_bytes + 2 * total.activation_bytes) * pj_per_byte * 1e-12
