"""The signals by which a simulation counts a kernel's work are signals of that kernel."""

import importlib
import re

import numpy as np
import pytest

from hwcodesign.core.assets import hls_source
from hwcodesign.kinds import all_kinds, kind_of


@pytest.mark.parametrize("name", all_kinds())
def test_every_kernel_has_the_signals_that_say_that_it_works(name: str) -> None:
    kind, bench = kind_of(name), importlib.import_module(f"sim.{name}")
    for layer, folding in bench.cases(np.random.default_rng(1)):
        text = hls_source(kind.module(folding)).read_text()
        code = re.sub(r"//.*", "", text)
        missing = [signal for signal in kind.working(layer, folding) if not re.search(rf"\b{signal}\b", code)]
        assert not missing, f"{kind.module(folding)}.sv has no {missing}"
