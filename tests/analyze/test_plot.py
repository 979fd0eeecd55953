"""Bar charts of a network: in the formats that there are, and named when they are not."""

import sys
from pathlib import Path

import pytest

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.plot import save_plot
from hwcodesign.core.errors import UserError
from hwcodesign.nets import metaparameters

TOTAL = costs(metaparameters("lenet", {}).describe((32, 32, 1), 10))


def test_a_drawing_names_every_layer_that_computes_and_is_the_same_again(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    save_plot(TOTAL, tmp_path / "a.svg")
    assert "<svg" in (tmp_path / "a.svg").read_text()[:800]


@pytest.mark.parametrize("name", ["a.jpg", "a"])
def test_another_format_is_refused_with_those_that_there_are(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--plot .*: the name must end in \.png, \.svg, \.pdf"):
        save_plot(TOTAL, tmp_path / name)


def test_without_matplotlib_the_message_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UserError, match=r"pip install 'hwcodesign\[analyze\]'"):
        save_plot(TOTAL, tmp_path / "a.png")
