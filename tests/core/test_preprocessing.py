"""Pictures as pixels: stretched, cut out, in the network's order of channels."""

import json

import numpy as np
import pytest
from PIL import Image

from hwcodesign.core.errors import UserError
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.recipe import DataTable, Recipe, load_recipe

RED = Image.new("RGB", (40, 20), (250, 10, 5))


def test_the_order_of_channels():
    assert Preprocessing((8, 8)).pixels(RED)[0, 0].tolist() == [250, 10, 5]
    assert Preprocessing((8, 8), channel_order="bgr").pixels(RED)[0, 0].tolist() == [5, 10, 250]


def test_a_picture_of_the_right_size_is_taken_as_it_is():
    noise = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    assert np.array_equal(Preprocessing((12, 12), resize_to=20).pixels(Image.fromarray(noise)), noise)


def test_shorter_side_and_centre():
    """Columns of a wide picture: the shorter side keeps their proportions, stretching does not; both cut the centre."""
    wide = np.zeros((20, 40, 3), np.uint8)
    wide[:, 16:24] = 255
    picture = Image.fromarray(wide)
    kept = Preprocessing((10, 10), resize="shorter side", resize_to=20).pixels(picture)
    assert (kept[:, :, 0] == 255).sum(1).tolist() == [8] * 10 and kept[0, 0, 0] == 0
    stretched = Preprocessing((10, 10), resize="stretch", resize_to=20).pixels(picture)
    assert (stretched[:, :, 0] > 127).sum(1).tolist() == [4] * 10


def test_grey_and_batches_equal_single_pictures():
    noise = np.random.default_rng(1).integers(0, 256, (3, 9, 14, 1), dtype=np.uint8)
    made = Preprocessing((6, 6), 1, resize="shorter side", resize_to=7)
    singles = np.stack([made.pixels(Image.fromarray(image[:, :, 0])) for image in noise])
    assert np.array_equal(made.resized(noise), singles) and singles.shape == (3, 6, 6, 1)


def test_json_and_recipe():
    made = Preprocessing((6, 7), 3, "bgr", "shorter side", 9)
    assert Preprocessing.from_json(made.to_json()) == made
    table = DataTable(dataset="folder", size=(6, 7), channels=3, classes=2, channel_order="bgr",
                      resize="shorter side", resize_to=9)  # fmt: skip
    assert table.preprocessing == made


def test_a_centre_that_cannot_be_cut_out(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('[network]\nfamily = "squeezenet"\n[data]\ndataset = "folder"\nsize = [227, 227]\nchannels = 3\n'
                    'classes = 10\nresize_to = 224\n[hardware]\nboard = "none"\n')  # fmt: skip
    with pytest.raises(UserError, match=r"data.resize_to = 224: must be at least 227"):
        load_recipe(str(path))


def test_means_by_channel_are_taken_in_by_the_first_convolution():
    table = {"dataset": "none", "size": (8, 8), "classes": 2, "channels": 3, "mean": (1, 2, 3)}
    recipe = Recipe.trained({"network": {}, "data": table})
    assert recipe.data.scalars == (0.0, 255.0)
    assert Recipe.trained({"network": {}, "data": table | {"mean": 33, "divisor": 2}}).data.scalars == (33, 2)


def test_a_border_of_the_mean_goes_around() -> None:
    made = Preprocessing((6, 8), 3, "bgr", border=1, border_colour=(1, 2, 3))
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    pixels = made.pixels(Image.fromarray(image))
    assert np.array_equal(pixels[1:-1, 1:-1], image[:, :, ::-1]) and pixels.shape == (6, 8, 3)
    assert {tuple(p) for p in (*pixels[0], *pixels[-1], *pixels[:, 0], *pixels[:, -1])} == {(1, 2, 3)}
    assert np.array_equal(made.resized(image[None])[0], pixels)
    assert Preprocessing.from_json(json.loads(json.dumps(made.to_json()))) == made
