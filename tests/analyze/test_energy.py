"""The energy model follows its published coefficients."""

import pytest

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.energy import arithmetic_joule, memory_joule
from hwcodesign.nets import metaparameters
from hwcodesign.nets.network import Quantization

LENET = metaparameters("lenet", {}).describe((32, 32, 1), 10)


def test_energy_follows_the_coefficients():
    total, quantized = costs(LENET), costs(LENET, Quantization())
    assert arithmetic_joule(total) == pytest.approx(total.operations / 2 * 4.6e-12, rel=1e-12, abs=0)
    assert arithmetic_joule(quantized) == pytest.approx(total.operations / 2 * 0.3e-12, rel=1e-12, abs=0)
    assert memory_joule(total, 2.0) == pytest.approx((4 * 61_706 + 8 * total.activations) * 2e-12, rel=1e-12, abs=0)
