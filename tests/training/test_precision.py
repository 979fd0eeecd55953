"""bfloat16 where the processor computes in it, and where it is wanted."""

import pytest
import torch

from hwcodesign.recipe import TrainTable
from hwcodesign.training.precision import lower_precision

HERE = torch.device("cpu")


@pytest.mark.parametrize(("processor", "lower"), [("DEFAULT", False), ("AVX2", False), ("AVX512", True)])
def test_bfloat16_where_the_processor_computes_in_it(monkeypatch, processor, lower):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: processor)
    with lower_precision(TrainTable(float_precision="bfloat16"), HERE):
        assert torch.is_autocast_enabled("cpu") == lower
    with lower_precision(TrainTable(float_precision="bfloat16"), HERE, wanted=False):
        assert not torch.is_autocast_enabled("cpu")
    with lower_precision(TrainTable(), HERE):
        assert not torch.is_autocast_enabled("cpu")
