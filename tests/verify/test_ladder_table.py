"""The ladder for a terminal."""

import io

from rich.console import Console

from hwcodesign.verify.ladder import LadderRung
from hwcodesign.verify.ladder_table import table


def test_every_rung_has_its_row_and_what_is_missing_says_what_makes_it() -> None:
    rungs = [
        LadderRung("QAT", "Brevitas, float32", 1234, {"top1": 0.5}, other_scores=7, first_divergence="layer [bold]"),
        LadderRung("RTL", "Verilator", missing="hwcodesign run x --from simulate"),
    ]
    screen = Console(file=io.StringIO(), width=160)
    screen.print(table(rungs, "held-out [images]", "runs/x"))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "1,234" in text and "50.00 %" in text and "layer [bold]" in text and "held-out [images]" in text
    assert "not there: hwcodesign run x --from simulate" in text
