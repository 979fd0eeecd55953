"""What the prover asks the tools, and how it reads their answers; whole proofs are in test_proofs.py."""

from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.formal import prover
from hwcodesign.formal.prover import Proof, prove

PROOF = Proof("fifo", ("fifo", "ram", "ram_bank"), depth=7, parameters={"DEPTH": 3}, induction=True)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """By log (bounded, induction, cover): what the model checker prints if it fails; the commands, by the same."""
    found: dict[str, str] = {}

    def run(command: list[object], folder: Path, log: Path, environment: object = None) -> None:
        printed = found.get(log.stem, "Status: PASSED")
        log.write_text(printed)
        found[f"{log.stem} command"] = " ".join(map(str, command))
        if "PASSED" not in printed:
            raise UserError("exit code 1")

    monkeypatch.setattr(prover.tools, "run", run)
    monkeypatch.setattr(prover.tools, "require", lambda tool: Path(f"/tools/{tool.name}"))
    return found


def test_a_proof_is_called_by_its_module_and_parameters() -> None:
    assert PROOF.name == "fifo DEPTH=3" and PROOF.properties == "fifo_properties"


def test_parameters_and_sources_reach_the_model(answers: dict[str, str], tmp_path: Path) -> None:
    verdict = prove(PROOF, tmp_path)
    assert (verdict.failed, verdict.always, verdict.reached) == ("", True, True)
    script = (tmp_path / "model.ys").read_text()
    assert "-top fifo_properties -chparam DEPTH 3" in script and "ram_bank.sv" in script
    assert "-t 7" in answers["bounded command"] and " -i " in answers["induction command"]


def test_the_assertion_that_fails_is_named_by_file_and_line(answers: dict[str, str], tmp_path: Path) -> None:
    answers["bounded"] = "Assert failed in fifo_properties: /x/fifo_properties.sv:71.9-71.40 (a)\nStatus: FAILED"
    verdict = prove(PROOF, tmp_path)
    assert verdict.failed == "fifo_properties.sv:71" and not verdict.always and not verdict.reached


def test_induction_and_cover_are_told_apart(answers: dict[str, str], tmp_path: Path) -> None:
    answers["induction"] = "Status: FAILED"
    verdict = prove(PROOF, tmp_path)
    assert (verdict.failed, verdict.always, verdict.reached) == ("", False, True)
    del answers["induction"]
    answers["cover"] = "Unreached cover statement at x: fifo_properties.sv:80.1 (c)\nStatus: FAILED"
    assert not prove(PROOF, tmp_path).reached and prove(PROOF, tmp_path, cover=False).reached


def test_a_tool_that_breaks_is_no_verdict(answers: dict[str, str], tmp_path: Path) -> None:
    answers["bounded"] = "Traceback: out of memory"
    with pytest.raises(UserError, match="exit code 1"):
        prove(PROOF, tmp_path)
