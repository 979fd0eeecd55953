"""The state of a training: kept behind every epoch, gone on from there, refused when it is none."""

import json
from pathlib import Path

import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.recipe import load_recipe
from hwcodesign.training.checkpoint import write_checkpoint
from hwcodesign.training.network import build
from hwcodesign.training.state import State, resumed, save_epoch, training_summary

RECIPE = load_recipe("digits-squeezenet")
CPU = torch.device("cpu")


def epoch(number: int, top1: float, quantized: bool = True) -> dict[str, object]:
    return {"epoch": number, "validation_top1": top1, "quantized": quantized, "seconds": 1.5, "device": "cpu"}


@pytest.fixture(scope="module")
def state() -> State:
    torch.manual_seed(0)
    return resumed(RECIPE, build(RECIPE), Path("/no/such/folder"), CPU)


def test_an_epoch_is_kept_and_gone_on_from(state: State, tmp_path: Path) -> None:
    state.history[:] = [epoch(0, 0.5)]
    save_epoch(RECIPE, state, tmp_path)
    assert {item.name for item in tmp_path.iterdir()} >= {"last.pt", "best.pt", "metrics.jsonl"}
    again = resumed(RECIPE, build(RECIPE), tmp_path, CPU)
    assert again.history == [epoch(0, 0.5)]
    wanted = state.model.state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in again.model.state_dict().items())


def test_only_a_better_epoch_becomes_the_best_and_every_one_is_a_line(state: State, tmp_path: Path) -> None:
    state.history[:] = [epoch(0, 0.5)]
    save_epoch(RECIPE, state, tmp_path)
    best = (tmp_path / "best.pt").read_bytes()
    state.history.append(epoch(1, 0.4))
    save_epoch(RECIPE, state, tmp_path)
    assert (tmp_path / "best.pt").read_bytes() == best
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [0, 1]


def test_what_is_no_state_of_a_training_is_refused(state: State, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "last.pt", RECIPE, {"model": state.model.state_dict(), "history": []})
    with pytest.raises(UserError, match=r"is not the state of a training: it has no optimizer"):
        resumed(RECIPE, build(RECIPE), tmp_path, CPU)


def test_the_summary_is_of_the_best_epoch_and_none_without_training(state: State, tmp_path: Path) -> None:
    history = [epoch(0, 0.9, quantized=False), epoch(1, 0.6), epoch(2, 0.5)]
    write_checkpoint(tmp_path / "best.pt", RECIPE, {"model": state.model.state_dict(), "history": history})
    found = training_summary(RECIPE, tmp_path / "best.pt")
    assert found is not None
    assert (found["epochs"], found["validation_top1"], found["float_validation_top1"]) == (2, 0.6, 0.9)
    assert found["seconds"] == 4  # all of it, rounded
    write_checkpoint(tmp_path / "best.pt", RECIPE, {"model": {}, "history": []})
    assert training_summary(RECIPE, tmp_path / "best.pt") is None
