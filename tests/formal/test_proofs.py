"""The kernels keep their properties, and each set of properties notices a fault."""

import re
import shutil
from pathlib import Path

import pytest

from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.tools import SMTBMC, YICES, YOSYS
from hwcodesign.formal.proofs import FAULTS, PROOFS
from hwcodesign.formal.prover import Proof, prove

pytestmark = pytest.mark.needs(YOSYS, SMTBMC, YICES)

# The others take minutes.
QUICK = {"fifo", "stream_fork", "concat", "loader"}


def marked(proof: Proof) -> object:
    return pytest.param(proof, id=proof.name, marks=[] if proof.module in QUICK else pytest.mark.slow)


@pytest.mark.parametrize("proof", [marked(proof) for proof in PROOFS])
def test_properties_hold(proof: Proof, tmp_path: Path) -> None:
    verdict = prove(proof, tmp_path)
    assert not verdict.failed
    assert verdict.always == proof.induction
    assert verdict.reached


# The first proof of each module.
FIRST = {proof.module: proof for proof in reversed(PROOFS)}


@pytest.mark.parametrize("proof", [marked(proof) for proof in FIRST.values()])
def test_a_fault_is_found(proof: Proof, tmp_path: Path) -> None:
    source, fault = FAULTS[proof.module]
    hls = shutil.copytree(asset_folder("hls"), tmp_path / "hls")
    file = hls_source(source, hls)
    assert file.read_text().count(fault.right) == 1
    file.write_text(file.read_text().replace(fault.right, fault.wrong))
    assert prove(proof, tmp_path / "proof", hls).failed.startswith(
        ("in_order", "stream_rules", "keeps_going", proof.module)
    )


def test_every_module_with_properties_is_proven_and_has_a_fault() -> None:
    stated = {
        path.stem.removesuffix("_properties") for path in (asset_folder("hls") / "formal").glob("*_properties.sv")
    }
    assert stated == FIRST.keys() == FAULTS.keys()


def test_a_bounded_proof_is_of_twenty_clocks_or_more() -> None:
    assert min(proof.depth for proof in PROOFS) >= 20


def test_properties_name_the_module_that_they_are_of() -> None:
    for proof in PROOFS:
        text = hls_source(proof.properties).read_text()
        assert re.search(rf"^  {proof.module} (#\(|dut)", text, re.M)
