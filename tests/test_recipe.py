"""Recipes are read strictly, and every shipped one describes a network."""

import os
from pathlib import Path

import pytest

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError
from hwcodesign.recipe import TrainTable, load_recipe

SHIPPED = sorted(path.stem for path in asset_folder("models").glob("*.toml"))
GOOD = """
[network]
family = "squeezenet"
[data]
dataset = "digits"
size = [32, 32]
classes = 10
[hardware]
board = "zcu104"
"""


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_recipe_describes_its_network(name: str) -> None:
    recipe = load_recipe(name)
    network = recipe.describe()
    assert recipe.name == name
    rows, columns, scores = network.shapes[network.nodes[-1].name]
    assert (rows, columns) == (1, 1) or recipe.data.task == "detect"
    assert scores >= recipe.outputs  # ZynqNet rounds 1000 up to 1024


def test_the_name_defaults_to_the_file(tmp_path: Path) -> None:
    assert load_recipe(written(tmp_path, GOOD)).name == "mine"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'board = "zcu104"',
            'board = "zcu104"\nclokc_mhz = 9',
            "unknown key 'hardware.clokc_mhz': did you mean 'clock_mhz'",
        ),
        ('"digits"', '"digit"', "did you mean 'digits'"),
        ("classes = 10", "classes = 1", "data.classes = 1: must be greater than or equal to 2"),
        ("classes = 10", "", "the key 'data.classes' is missing"),
        ("[network]", "[network]\nbase_f = 1", "unknown key 'network.base_f': did you mean 'base_e'"),
        ("[network]", '[network]\nbase_e = "x"', "network.base_e = 'x'"),
        ('"squeezenet"', '"squeezent"', "did you mean 'squeezenet'"),
        (
            "[network]",
            "[quantization]\nweight_bits = 9\n[network]",
            "quantization.weight_bits = 9: must be less than or",
        ),
        (
            'board = "zcu104"',
            'board = "zcu104"\nframe_rate = "fast"',
            "hardware.frame_rate = 'fast': must be a positive number, or max",
        ),
        ("[data]", "[data", "is not valid TOML"),
        ("[data]", '[train]\nepochs = "2"\n[data]', "train.epochs = '2': must be a valid integer"),
        ("[data]", "[train]\nepochs = true\n[data]", "train.epochs = True: must be a valid integer"),
        ("[data]", "[train]\nlearning_rate = nan\n[data]", "train.learning_rate = nan: must be a finite number"),
        ("[data]", "[data]\nchannels = true", "data.channels = True: must be a valid integer"),
        ("[data]", "[data]\nchannels = 2", "data.channels = 2: must be 1 (grey) or 3 (colour)"),
        ("[data]", "[data]\ndivisor = 1e-300", "data.divisor = 1e-300: must be a positive number"),
        ("32, 32", "32, 100000000", "data.size.1 = 100000000: must be less than or equal to 16384"),
        ("[network]", "[network]\nbase_e = 10000000000000", "network.base_e = 10000000000000"),
        ("[network]", "[network]\nfire_modules = 100000", "network.fire_modules = 100000"),
        ("[network]", "[network]\nSR = inf", "network.SR = inf"),
        ("[network]", '[network]\nbase_e = "128"', "network.base_e = '128'"),
        ('"zcu104"', '"zcu104"\nclock_mhz = 1e18', "hardware.clock_mhz = 1e+18: must be less than or equal to 1000"),
        ('"zcu104"', '"zcu104"\nframe_rate = 1e300', "hardware.frame_rate = 1e+300: must be a positive number"),
        ('"zcu104"', '"zcu104"\nfold = { conv1 = { pe = "4" } }', "hardware.fold.conv1.pe = '4': must be a valid"),
        ("[data]", "x = 1979-13-99\n[data]", "is not valid TOML"),
    ],
)
def test_a_fault_is_named_with_what_is_allowed(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        load_recipe(written(tmp_path, GOOD.replace(old, new))).describe()
    assert message in str(error.value)
    assert "mine" in str(error.value) or "squeezenet" in str(error.value)


def test_a_recipe_of_another_version_hears_which_one_this_is(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"unknown key 'data.colour'(.|\n)*this is hwcodesign \d+\.\d+\.\d+"):
        load_recipe(written(tmp_path, GOOD.replace("[data]", "[data]\ncolour = true")))


def test_a_network_of_a_size_that_nothing_is_made_of(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, GOOD.replace("32, 32", "16384, 16384")))
    with pytest.raises(UserError, match="conv1: it would have 4,704 weights, and activations of 8,189 x 8,189 x 96"):
        recipe.describe()


def test_what_a_recipe_cannot_be_read_from(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(UserError, match="is a named pipe, not a file"):
        load_recipe(str(tmp_path / "pipe.toml"))
    with pytest.raises(UserError, match=r"is not valid TOML"):
        load_recipe(written(tmp_path, "x = " + "[" * 100_000))


def test_an_unknown_recipe_offers_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'digits-squeezenet'"):
        load_recipe("digit-squeezenet")


def test_a_larger_batch_takes_a_larger_rate_and_a_warm_up() -> None:
    table = TrainTable(batch_size=256, learning_rate=0.01)
    larger = table.at_batch(1024)
    assert (larger.batch_size, larger.learning_rate, larger.warmup_epochs) == (1024, 0.04, 5.0)
    assert table.at_batch(128).learning_rate == 0.005 and table.at_batch(128).warmup_epochs == 0
    assert table.at_batch(256) == table
    assert table.model_copy(update={"warmup_epochs": 8.0}).at_batch(512).warmup_epochs == 8


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('[data]\ntask = "reconstruct"', "data.normal must be given: the task 'reconstruct'"),
        ('[train]\nmixup = 0.5\n[data]\ntask = "reconstruct"\nnormal = ["0"]', "train.mixup means nothing to the task"),
        ('[data]\ntop5 = true\ntask = "reconstruct"\nnormal = ["0"]', "data.top5 means nothing to the task"),
        ('[data]\nnormal = ["0"]', "data.normal means nothing to the task 'classify'"),
        ('[data]\ntask = "reconstuct"', "data.task = 'reconstuct': did you mean 'reconstruct'"),
    ],
)
def test_a_recipe_suits_its_task(tmp_path: Path, table: str, message: str) -> None:
    rest = 'dataset = "digits"\nsize = [8, 8]\nclasses = 10\n[network]\nfamily = "autoencoder"\n[hardware]\n'
    (tmp_path / "mine.toml").write_text(f'{table}\n{rest}board = "icebreaker"\n')
    with pytest.raises(UserError, match=message):
        load_recipe(str(tmp_path / "mine.toml"))


def test_a_command_for_classifiers_says_so() -> None:
    load_recipe("digits-squeezenet").require_task("classify", "hwcodesign quantize")
    with pytest.raises(UserError, match="hwcodesign quantize: the recipe digits-anomaly is of the task 'reconstruct'"):
        load_recipe("digits-anomaly").require_task("classify", "hwcodesign quantize")
