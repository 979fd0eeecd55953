"""What a rung trains: the rung's schedule, one folder for one training, and accuracy kept."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.explore.study import Rung
from hwcodesign.explore.training import RESULT, digest, trained_figure, with_rung
from hwcodesign.recipe import load_recipe

RECIPE = load_recipe("digits-squeezenet")
RUNG = Rung(name="short", train={"epochs": 1})


def test_the_schedule_is_the_rungs_and_the_rest_the_recipes() -> None:
    changed = with_rung(RECIPE, RUNG)
    assert changed.train.epochs == 1 and changed.train.batch_size == RECIPE.train.batch_size
    with pytest.raises(UserError, match=r"rung odd: unknown key 'train.epoch': did you mean 'epochs'"):
        with_rung(RECIPE, Rung(name="odd", train={"epoch": 1}))


def test_the_board_is_no_part_of_what_is_trained() -> None:
    other = RECIPE.model_copy(update={"hardware": RECIPE.hardware.model_copy(update={"board": "icebreaker"})})
    assert digest(other) == digest(RECIPE) != digest(with_rung(RECIPE, RUNG))


def test_a_finished_training_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = []

    def train(recipe: object, data: object, place: Path) -> SimpleNamespace:
        print("what a training says by itself")
        trained.append(place)
        return SimpleNamespace(validation=0.75, epoch=1)

    monkeypatch.setattr("hwcodesign.training.loop.train", train)
    found = [trained_figure(RECIPE, RUNG, tmp_path, None) for _ in range(2)]
    assert found == [0.75, 0.75] and len(trained) == 1
    assert not capsys.readouterr().out
    assert json.loads((trained[0] / RESULT).read_text()) == {"validation_top1": 0.75, "epoch": 1}
