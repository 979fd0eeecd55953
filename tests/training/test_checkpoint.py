"""Checkpoints: whole or not at all, of the recipe that they say, and refused in words."""

import os
from pathlib import Path

import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.recipe import Recipe, load_recipe
from hwcodesign.training.checkpoint import fill, load_checkpoint, read_checkpoint, recipe_of, write_checkpoint

RECIPE = load_recipe("digits-squeezenet")
CPU = torch.device("cpu")


def other(**train: object) -> Recipe:
    return RECIPE.model_copy(update={"train": RECIPE.train.model_copy(update=train)})


def test_what_is_written_is_read_again_and_the_board_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    write_checkpoint(path, RECIPE, {"model": {"w": torch.ones(2)}})
    elsewhere = RECIPE.model_copy(update={"hardware": RECIPE.hardware.model_copy(update={"board": "icebreaker"})})
    state = load_checkpoint(elsewhere, path, CPU)
    assert state["model"]["w"].tolist() == [1, 1] and recipe_of(path, state).train == RECIPE.train
    assert [item.name for item in tmp_path.iterdir()] == ["last.pt"]


def test_another_recipe_is_told_by_its_keys(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "last.pt", RECIPE, {"model": {}})
    epochs = RECIPE.train.epochs
    with pytest.raises(UserError, match=rf"train.epochs = {epochs + 1} \(there: {epochs}\); take that recipe"):
        load_checkpoint(other(epochs=epochs + 1), tmp_path / "last.pt", CPU)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"x" * 100])
def test_damaged_bytes_are_a_user_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last.pt").write_bytes(content)
    with pytest.raises(UserError, match="is not a checkpoint of ours, or damaged"):
        read_checkpoint(tmp_path / "last.pt", CPU)


def test_missing_files_and_foreign_tensors_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no checkpoint .*: train first"):
        read_checkpoint(tmp_path / "none.pt", CPU)
    torch.save({"state": torch.ones(1)}, tmp_path / "theirs.pt")
    with pytest.raises(UserError, match="it has no recipe or no model"):
        read_checkpoint(tmp_path / "theirs.pt", CPU)
    with pytest.raises(UserError, match="of another version of hwcodesign, whose recipes had other keys"):
        recipe_of(tmp_path / "old.pt", {"recipe": {"train": {"no_such_key": 1}}})


def test_other_parts_are_refused_by_file() -> None:
    with pytest.raises(UserError, match=r"last.pt is of another version of hwcodesign, or not whole"):
        fill(torch.nn.Linear(2, 2), {"weight": torch.ones(3, 3)}, Path("last.pt"))


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.pt"
    write_checkpoint(path, RECIPE, {"model": {}})
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="No space left on device; training continues from there"):
        write_checkpoint(path, RECIPE, {"model": {"more": torch.ones(1)}})
    assert path.read_bytes() == before
