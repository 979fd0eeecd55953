"""Every kernel against its integer reference; and benches that notice when a kernel is wrong."""

import importlib
import shutil
from pathlib import Path

import pytest

from hwcodesign.core import tools
from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.errors import UserError
from hwcodesign.kinds import all_kinds
from sim.build import run_bench


@pytest.mark.parametrize("kind", all_kinds())
def test_kernel_equals_its_reference(kind: str, tmp_path: Path) -> None:
    run_bench(kind, tmp_path)
    assert "%Warning" not in (tmp_path / "verilator.log").read_text()


@pytest.mark.parametrize("kind", all_kinds())
@pytest.mark.slow
@pytest.mark.needs(tools.ICARUS)  # Verilator runs the same benches
def test_kernel_equals_its_reference_in_icarus(kind: str, tmp_path: Path) -> None:
    run_bench(kind, tmp_path, seed=2, name="icarus")


def test_the_multiplier_that_synthesis_sees_is_the_same(tmp_path: Path) -> None:
    hls = shutil.copytree(asset_folder("hls"), tmp_path / "hls")
    kernel = hls_source("lut_multiplier", hls)
    assert kernel.read_text().count("`ifdef YOSYS") == 1
    kernel.write_text(kernel.read_text().replace("`ifdef YOSYS", "`ifndef YOSYS"))
    run_bench("vvau", tmp_path / "build", hls=hls)  # as in mvau, whose bench takes twice as long


# A fault each bench rule is there for: (kind, right text, wrong text, what the message must say). A kind's own stand in
# its bench.
FAULTS = {
    "wrong data": ("add", "{a[IN_BITS-1], a} +", "{a[IN_BITS-1], a} -", "expected"),
    "a bubble": ("fork", "(out_valid_o & ~out_ready_i) == '0;", "out_valid_o == '0;", "cycles, not"),
    "data change while stalled": ("fork", "if (move) data_q", "if (in_valid_i) data_q", "changed while"),
    "valid falls": ("fork", "else out_valid_o <= out_valid_o & ~out_ready_i;", "else out_valid_o <= '0;", "valid fell"),
    "valid waits for ready": ("concat", "take = move &&", "take = out_ready_i &&", "standing still"),
    "weights that are not there yet": ("mvau", "move && fresh && !loading", "move && fresh", "expected|standing"),
    "another channel's window": ("vvau", "s*PE+r/MULTIPLIER", "s*PE+r%PE", "expected"),
    "a forgotten reset": ("concat", "turn_q      <= '0;", "", "expected"),
}
OF_KINDS = {
    f"{name}: {fault}": (name, *texts)
    for name in all_kinds()
    for fault, texts in getattr(importlib.import_module(f"sim.{name}"), "FAULTS", {}).items()
}


@pytest.mark.parametrize("fault", [*FAULTS, *(pytest.param(fault, marks=pytest.mark.slow) for fault in OF_KINDS)])
def test_bench_notices(fault: str, tmp_path: Path) -> None:
    kind, right, wrong, message = (FAULTS | OF_KINDS)[fault]
    hls = shutil.copytree(asset_folder("hls"), tmp_path / "hls")
    kernel = hls_source(kind, hls)
    assert kernel.read_text().count(right) == 1
    kernel.write_text(kernel.read_text().replace(right, wrong))
    with pytest.raises(UserError, match=message):
        run_bench(kind, tmp_path / "build", hls=hls)
