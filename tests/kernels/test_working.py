"""The signals by which a simulation counts a kernel's work are signals of that kernel."""

import importlib
import re

import numpy as np
import pytest

from hwcodesign.core.assets import hls_source
from hwcodesign.kinds import all_kinds, kind_of

NOT_COUNTED = ("fifo", "width_converter")  # what the planner inserts


@pytest.mark.parametrize("name", [name for name in all_kinds() if name not in NOT_COUNTED])
def test_every_kernel_has_the_signals_that_say_that_it_works(name: str) -> None:
    kind, bench = kind_of(name), importlib.import_module(f"sim.{name}")
    files = [re.sub(r"//.*", "", hls_source(file).read_text()) for file in (name, *kind.cells)]
    for layer, folding in bench.cases(np.random.default_rng(1)):
        (code,) = (text for text in files if re.search(rf"^module {kind.module(folding)}\b", text, re.MULTILINE))
        missing = [signal for signal in kind.working(layer, folding) if not re.search(rf"\b{signal}\b", code)]
        assert not missing, f"{kind.module(folding)} has no {missing}"
