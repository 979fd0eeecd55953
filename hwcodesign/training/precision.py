"""In what precision a training computes: float32, or bfloat16 where the recipe says so and the processor can."""

from contextlib import AbstractContextManager
from typing import Any

import torch

from hwcodesign.recipe import TrainTable


def lower_precision(schedule: TrainTable, where: torch.device, wanted: bool = True) -> AbstractContextManager[Any]:
    """In it convolutions compute in bfloat16 if `schedule` says so, the device has instructions, and it is `wanted`."""
    lower = schedule.float_precision == "bfloat16" and wanted and computes_bfloat16(where)
    return torch.autocast(where.type, torch.bfloat16, enabled=lower)


def computes_bfloat16(where: torch.device) -> bool:
    """A processor without the instructions imitates them, convolutions four times slower than in float32."""
    return where.type != "cpu" or torch.backends.cpu.get_cpu_capability() not in ("DEFAULT", "AVX2")
