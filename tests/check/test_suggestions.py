"""What would make it fit: the smallest change of each sort, and each one that is offered does fit."""

import pytest

from hwcodesign.check import suggestions
from hwcodesign.check.suggestions import Change, _smallest, changes_to_model, changes_to_recipe, predicted
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from hwcodesign.recipe import load_recipe
from tests.graphs import tiny_lenet

RECIPE = load_recipe("digits-squeezenet")


def test_of_each_sort_the_smallest_that_fits_is_offered_and_no_more_than_three(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suggestions, "_fits", lambda design: design != "too large")
    sorts = [
        [(Change("a small", 0.1), "too large"), (Change("a", 0.5), "x"), (Change("a big", 0.9), "x")],
        [(Change("b", 0.3), "x")],
        [(Change("c", 2.0), "x")],
        [(Change("d", 3.0), "x")],
    ]
    assert [change.what for change in _smallest(sorts)] == ["b", "a", "c"]  # type: ignore[arg-type]


def test_a_network_without_a_metaparameter_to_shrink_by_is_offered_the_other_changes() -> None:
    lenet = RECIPE.model_copy(update={"network": {"family": "lenet"}})
    assert list(suggestions._smaller_network(lenet)) == []
    (first, *_) = suggestions._smaller_network(RECIPE)
    assert first[0].what.startswith("network.SR = ") and first[0].size == pytest.approx(0.25)


def test_bits_fall_one_by_one_and_never_below_one() -> None:
    found = list(suggestions._fewer_bits(RECIPE, ("weight_bits", "activation_bits")))
    bits = [(r.quantization.weight_bits, r.quantization.activation_bits) for _, r in found]
    assert bits == [(3, 3), (2, 2), (1, 1)]
    assert [c.size for c, _ in found] == sorted(c.size for c, _ in found)


def test_what_is_left_to_others_is_offered_back_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "OFFERED", 1)
    tight = RECIPE.hardware.model_copy(update={"at_most": {"lut": 500}})
    found = changes_to_recipe(RECIPE.model_copy(update={"hardware": tight}), 1000.0)
    assert found == (Change("hardware.at_most left out", 0.0),)


def test_somebodys_model_is_offered_hardware_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "OFFERED", 1)
    board = load_board("ulx3s-85f").leaving({"lut": 600})
    planned = plan(tiny_lenet(), board, frame_rate=100)
    found = changes_to_model(tiny_lenet(), planned, board, {})
    assert found and all(change.what.startswith("hardware.") for change in found)
    assert predicted(RECIPE).layers[0].name == "conv1.pad"
