"""A first recipe: what lies in the folder, a network that fits, one that is no larger than the images can train."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from hwcodesign.check.check import check_recipe
from hwcodesign.cli import init
from hwcodesign.core.errors import DoesNotFitError, UserError
from hwcodesign.recipe import load_recipe
from hwcodesign.start.first_recipe import LIST, Images, candidate, first_recipe, images_in


def photos(
    folder: Path, count: int = 10, size: tuple[int, int] = (120, 90), classes: Sequence[str] = ("cat", "dog")
) -> Path:
    """Pictures in colour, a folder a class."""
    random = np.random.default_rng(1)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for i in range(count):
            pixels = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def parameters(text: str, folder: Path) -> int:
    (folder / "one.toml").write_text(text)
    network = load_recipe(str(folder / "one.toml")).describe()
    return sum(network.parameters(conv) for conv in network.convolutions)


def test_pictures_give_size_colour_and_classes(tmp_path: Path) -> None:
    found = images_in(photos(tmp_path / "pets"))
    assert found.table == {"dataset": "folder", "size": [64, 64], "channels": 3, "classes": 2,
                           "resize": "shorter side", "resize_to": 64}  # fmt: skip
    assert found.to_train == 16
    assert "20 images of 2 classes (cat 10, dog 10)" in found.lines[0]


def test_idx_files_are_known_by_their_names(tmp_path: Path) -> None:
    for prefix, count in (("train", 30), ("t10k", 10)):
        pixels, labels = bytes(count * 12 * 12), bytes(i % 5 for i in range(count))
        head = struct.pack(">BBBBIII", 0, 0, 8, 3, count, 12, 12)
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(head + pixels)
        (tmp_path / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">BBBBI", 0, 0, 8, 1, count) + labels)
    found = images_in(tmp_path)
    assert found.table == {"dataset": "idx", "size": [12, 12], "channels": 1, "classes": 5}
    assert found.to_train == 30


@pytest.mark.parametrize("board", ["icebreaker", "ulx3s-25f"])
def test_what_is_written_fits_and_its_file_says_so(tmp_path: Path, board: str) -> None:
    made = first_recipe("pets", images_in(None), board, 20)
    (tmp_path / "pets.toml").write_text(made.text)
    recipe = load_recipe(str(tmp_path / "pets.toml"))
    assert check_recipe(recipe).fits
    assert (recipe.hardware.board, recipe.hardware.frame_rate) == (board, 20)


def test_more_images_train_a_larger_network(tmp_path: Path) -> None:
    table = {"dataset": "cifar10", "size": [32, 32], "channels": 3, "classes": 10}
    sizes = [
        parameters(first_recipe("x", Images(table, n, ()), "zcu104", 30).text, tmp_path) for n in (300, 2_000, 50_000)
    ]
    assert sizes == sorted(set(sizes))
    assert sizes[0] < 300 * 40


def test_what_fits_nowhere_is_said_with_what_to_change() -> None:
    with pytest.raises(DoesNotFitError, match=r"not even the smallest network(.|\n)*--frame-rate"):
        first_recipe("x", images_in(None), "icebreaker", 100_000)


def test_all_of_the_list_are_networks_at_every_size_and_each_is_smaller() -> None:
    for side in (9, 16, 28, 96):
        table = {"dataset": "folder", "size": [side, side], "channels": 3, "classes": 4}
        sizes = [candidate("x", shape, Images(table, 500, ()), "zcu104", 1)[2] for shape in LIST]
        assert sizes == sorted(set(sizes), reverse=True)


def test_the_command_writes_a_recipe_and_never_over_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photos(tmp_path / "my pets", count=5, size=(20, 20))
    arguments = ["--data", "my pets", "--board", "ulx3s-85f", "--frame-rate", "30"]
    first = CliRunner().invoke(init.command, arguments)
    assert first.exit_code == 0, first.exception
    assert "my_pets.toml: fits ulx3s-85f" in first.stdout
    assert "hwcodesign run my_pets.toml --data 'my pets'" in first.stdout
    written = (tmp_path / "my_pets.toml").read_text()
    second = CliRunner().invoke(init.command, arguments)
    assert isinstance(second.exception, UserError)
    assert "is there already" in str(second.exception)
    assert (tmp_path / "my_pets.toml").read_text() == written


def test_it_asks_for_what_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answers = iter(["digits", "icebreaker", "25"])
    monkeypatch.setattr(init, "_asked", lambda *question: next(answers))
    init.command.callback(None, None, None, None)  # type: ignore[misc]
    assert load_recipe("digits.toml").hardware.frame_rate == 25


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--data is missing, and there is no terminal"),
        (["--data", "nowhere"], "there is no folder nowhere"),
        (["--data", "digits"], "--board is missing"),
        (["--data", "digits", "--board", "ulx3s", "--frame-rate", "3"], "did you mean 'ulx3s-85f'"),
        (["../x", "--data", "digits", "--board", "icebreaker", "--frame-rate", "3"], "cannot be called"),
        (["--data", "."], "has no subfolders"),
    ],
)
def test_what_cannot_be_is_said(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(init.command, arguments)
    assert isinstance(result.exception, UserError), result.output
    assert message in str(result.exception)
    assert not list(tmp_path.iterdir())
