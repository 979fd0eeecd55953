"""Image folders: one subfolder per class."""

import numpy as np
import pytest
from PIL import Image

from hwcodesign.core.errors import UserError
from hwcodesign.data import load_dataset
from hwcodesign.data.folder import read_unlabelled, unlabelled_alone
from hwcodesign.recipe import DataTable

TABLE = DataTable(dataset="folder", size=(6, 8), channels=3, classes=2)


def write(folder, name, count, colour):
    (folder / name).mkdir(parents=True)
    for i in range(count):
        Image.new("RGB", (10, 9), colour).save(folder / name / f"{i}.png")


def test_a_fifth_of_each_class_is_held_out(tmp_path):
    write(tmp_path, "cat", 10, (200, 0, 0))
    write(tmp_path, "dog", 5, (0, 0, 100))
    write(tmp_path, "calibration", 5, (0, 9, 0))  # which is no class
    dataset = load_dataset(TABLE, tmp_path)
    assert dataset.classes == ("cat", "dog")
    assert dataset.test_labels.tolist() == [0, 0, 1]
    assert dataset.train_images.shape == (12, 6, 8, 3)
    assert (dataset.train_images[dataset.train_labels == 1] == (0, 0, 100)).all()


def test_train_and_test_folders_are_kept_apart_and_grey_is_made(tmp_path):
    for split, level in (("train", 40), ("test", 90)):
        for name in ("cat", "dog"):
            write(tmp_path / split, name, 3, (level, level, level))
    dataset = load_dataset(TABLE.model_copy(update={"channels": 1}), tmp_path)
    assert np.unique(dataset.train_images).tolist() == [40]
    assert np.unique(dataset.test_images).tolist() == [90]
    assert dataset.test_images.shape == (6, 6, 8, 1)


def test_folders_that_hold_no_data_set(tmp_path):
    with pytest.raises(UserError, match=r"has no subfolders"):
        load_dataset(TABLE, tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(UserError, match=r"cat holds no images"):
        load_dataset(TABLE, tmp_path)
    (tmp_path / "cat" / "0.png").write_bytes(b"not an image")
    with pytest.raises(UserError, match=r"cannot read the image .*0.png"):
        load_dataset(TABLE, tmp_path)


def test_bytes_damaged_behind_the_header(tmp_path):
    """Each format's decoder has its own word for it."""
    write(tmp_path, "cat", 2, (1, 2, 3))
    write(tmp_path, "dog", 1, (1, 2, 3))
    damaged = bytearray((tmp_path / "cat" / "0.png").read_bytes())
    damaged[37] ^= 0x80  # the name of the chunk behind the header
    (tmp_path / "cat" / "0.png").write_bytes(damaged)
    (tmp_path / "dog" / "1.ppm").write_bytes(b"P6 ten 9 255 ...")
    with pytest.raises(UserError, match=r"cannot read the image .*0.png(.|\n)*cannot read the image .*1.ppm"):
        load_dataset(TABLE, tmp_path)


def test_every_image_that_cannot_be_read_is_named(tmp_path):
    write(tmp_path, "cat", 3, (1, 2, 3))
    (tmp_path / "dog").mkdir()
    for number in range(12):
        (tmp_path / "cat" / f"broken{number:02}.png").write_bytes(b"not an image")
    with pytest.raises(UserError, match=r"broken00.png(.|\n)*broken09.png(.|\n)*and 3 more") as raised:
        load_dataset(TABLE, tmp_path)
    assert "broken10" not in str(raised.value)


def test_train_without_test_and_classes_that_differ(tmp_path):
    write(tmp_path / "train", "cat", 2, (1, 2, 3))
    with pytest.raises(UserError, match=r"there is no folder .*test"):
        load_dataset(TABLE, tmp_path)
    write(tmp_path / "test", "dog", 2, (1, 2, 3))
    with pytest.raises(UserError, match=r"only one of them has cat, dog"):
        load_dataset(TABLE, tmp_path)


def test_another_number_of_classes_than_the_recipe(tmp_path):
    for name in ("a", "b", "c"):
        write(tmp_path, name, 5, (1, 2, 3))
    with pytest.raises(UserError, match=r"data.classes = 2: .* has 3 classes; use classes = 3"):
        load_dataset(TABLE, tmp_path)


def flat(folder, names, colour=(9, 9, 9)):
    folder.mkdir(parents=True)
    for name in names:
        Image.new("RGB", (10, 9), colour).save(folder / name)


def test_a_labels_file_by_number_and_by_name_and_no_training_images(tmp_path):
    flat(tmp_path / "val", ["a.png", "b.png", "c.png"])
    (tmp_path / "classes.txt").write_text("tench\ngreat white shark\n")
    (tmp_path / "val.txt").write_text("a.png 1\nc.png tench\n\nb.png 0\n")
    dataset = load_dataset(TABLE, tmp_path, training=False)
    assert dataset.classes == ("tench", "great white shark")
    assert dataset.test_labels.tolist() == [1, 0, 0] and len(dataset.train_images) == 0
    with pytest.raises(UserError, match=r"no folder train: there is nothing to train with"):
        load_dataset(TABLE, tmp_path)


def test_labels_that_are_no_classes_and_images_that_are_not_there(tmp_path):
    flat(tmp_path / "validation", ["a.png"])
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    (tmp_path / "validation.txt").write_text("a.png 2\nz.png dog\n")
    with pytest.raises(UserError, match=r"a.png has the class '2'(.|\n)*no image .*z.png"):
        load_dataset(TABLE, tmp_path, training=False)
    (tmp_path / "validation.txt").write_text("a.png\n")
    with pytest.raises(UserError, match=r"entry 1 is 'a.png'"):
        load_dataset(TABLE, tmp_path, training=False)
    (tmp_path / "classes.txt").write_text("cat\ncat\n")
    with pytest.raises(UserError, match=r"names the class 'cat' more than once"):
        load_dataset(TABLE, tmp_path, training=False)


def test_subfolders_of_some_of_the_classes(tmp_path):
    write(tmp_path / "val", "dog", 2, (1, 1, 1))
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    assert load_dataset(TABLE, tmp_path, training=False).test_labels.tolist() == [1, 1]
    write(tmp_path / "val", "cow", 1, (1, 1, 1))
    with pytest.raises(UserError, match=r"cow: did you mean|cow: \(allowed: cat, dog\)"):
        load_dataset(TABLE, tmp_path, training=False)


def test_a_folder_of_unlabelled_images_alone_is_known(tmp_path):
    write(tmp_path, "calibration", 1, (0, 0, 0))
    (tmp_path / "classes.txt").write_text("a\n")
    assert unlabelled_alone(tmp_path) and not unlabelled_alone(tmp_path / "nowhere")
    with pytest.raises(UserError, match="has no subfolders; it needs one for each class"):
        load_dataset(TABLE, tmp_path)
    write(tmp_path, "val", 1, (0, 0, 0))
    assert not unlabelled_alone(tmp_path)


def test_unlabelled_images_are_spread_over_the_folder(tmp_path):
    for i in range(6):
        write(tmp_path, f"{i}", 1, (i, 0, 0))
    images = read_unlabelled(tmp_path, TABLE.preprocessing, 3)
    assert images[:, 0, 0, 0].tolist() == [0, 2, 4]
    with pytest.raises(UserError, match=r"holds 6 images, and 7 are asked for"):
        read_unlabelled(tmp_path, TABLE.preprocessing, 7)
