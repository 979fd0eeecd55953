"""What a point costs: the check's own figures, and how far it is from its bounds."""

from types import SimpleNamespace

import pytest

from hwcodesign.check.check import check_recipe
from hwcodesign.core.tasks import TASKS
from hwcodesign.explore.cost import REFUSED, Cost, cost_of, violations, worst
from hwcodesign.recipe import load_recipe

RECIPE = load_recipe("digits-squeezenet")
STUDY = SimpleNamespace(
    metric=TASKS["classify"].validation, at_least={"frame_rate": 100.0, "accuracy": 0.9}, at_most={"lut": 50.0}
)


def test_figures_are_those_of_the_check() -> None:
    found, report = cost_of(RECIPE), check_recipe(RECIPE)
    assert found.fits == report.fits and found.figures["lut"] == report.total.lut
    assert found.figures["frame_rate"] == report.frame_rate
    assert found.excess["lut"] == pytest.approx(report.total.lut / report.board.usable["lut"] - 1)
    assert found.document()["figures"] == found.figures


def test_a_point_without_a_design_says_why() -> None:
    found = cost_of(RECIPE.model_copy(update={"hardware": RECIPE.hardware.model_copy(update={"frame_rate": 1e9})}))
    assert not found.fits and "out of reach" in found.refused and not found.figures
    assert violations(STUDY, found) == {"fits": REFUSED}  # type: ignore[arg-type]


def test_violations_are_relative_to_their_bounds_and_accuracy_waits_for_a_training() -> None:
    cost = Cost({"frame_rate": 150.0, "lut": 75.0}, {"lut": -0.2, "dsp": 0.1})
    found = violations(STUDY, cost)  # type: ignore[arg-type]
    assert found == {"fits": 0.1, "frame_rate 100": -0.5, "lut 50": 0.5}
    trained = violations(STUDY, cost, told=0.81)  # type: ignore[arg-type]
    assert trained["accuracy 0.9"] == pytest.approx(0.1)


def test_the_worst_lies_on_the_bad_side() -> None:
    assert worst("frame_rate") < 0 and worst("accuracy") < 0 and worst("lut") > 1e9
