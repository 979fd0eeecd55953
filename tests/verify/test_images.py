"""Which images are verified: a stratified sample, the same every time."""

from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.verify.images import SAMPLE, WHOLE_SET, Images
from tests.graphs import tiny_squeezenet


def images(counts: tuple[int, ...], seed: int = 0) -> Images:
    """So many of every class, shuffled; an image's one pixel, label and score all tell its number."""
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    numbers = np.arange(len(labels))
    return Images(numbers.reshape(-1, 1, 1, 1), "test", labels, numbers[:, None])


@pytest.mark.parametrize("count", [1, 7, 10, 99, 250])
def test_every_class_has_its_share(count: int) -> None:
    counts = (500, 100, 50, 300)
    whole = images(counts)
    sample = whole.sample(count)
    assert len(sample.frames) == count
    shares = np.bincount(sample.labels, minlength=4)  # type: ignore[arg-type]
    assert (np.abs(shares - count * np.array(counts) / sum(counts)) <= 1).all()


def test_pictures_with_boxes_are_sampled_by_how_many_they_have() -> None:
    labels = np.full((40, 3, 5), -1.0)
    labels[::2, :2, 0] = 1
    sample = Images(np.arange(40).reshape(-1, 1, 1, 1), "test", labels).sample(10)
    assert sample.labels is not None and (sample.labels[:, 1, 0] >= 0).sum() == 5


def test_a_sample_keeps_what_belongs_together_and_its_order() -> None:
    whole = images((30, 40))
    sample = whole.sample(20).sample(9)
    assert sample.labels is not None and sample.scores is not None and whole.labels is not None
    for index, frame in enumerate(sample.frames.ravel()):
        assert sample.number(index) == sample.scores[index, 0] == frame
        assert sample.labels[index] == whole.labels[frame]
    assert (np.diff(sample.frames.ravel()) > 0).all()
    assert np.array_equal(sample.frames, whole.sample(20).sample(9).frames)


def test_small_sets_are_simulated_whole_and_large_ones_in_part() -> None:
    assert len(images((200, 300)).to_simulate(None).frames) == WHOLE_SET
    assert len(images((200, 301)).to_simulate(None).frames) == SAMPLE
    assert len(images((200, 301)).to_simulate(11).frames) == 11
    assert len(images((2, 3)).to_simulate(11).frames) == 5


def test_files_that_hold_no_images(tmp_path: Path) -> None:
    graph = tiny_squeezenet()
    np.savez(tmp_path / "several.npz", images=np.zeros((2, 8, 8, 1), np.uint8))
    np.save(tmp_path / "none.npy", np.zeros((0, 8, 8, 1), np.uint8))
    np.save(tmp_path / "real.npy", np.zeros((2, 8, 8, 1)))
    (tmp_path / "empty.npy").touch()
    for name, message in (
        ("several.npz", "holds several arrays"),
        ("none.npy", r"holds \(0, 8, 8, 1\), but the network takes"),
        ("real.npy", "must hold integers from 0 to 255"),
        ("empty.npy", "cannot read"),
        ("absent.npy", "there is no file"),
    ):
        with pytest.raises(UserError, match=message):
            Images.from_file(tmp_path / name, graph)


def test_without_labels_the_sample_is_spread_evenly() -> None:
    frames = np.arange(10).reshape(-1, 1, 1, 1)
    assert Images(frames, "test").sample(5).frames.ravel().tolist() == [0, 2, 4, 6, 8]
    assert Images(frames, "test").first(3).frames.ravel().tolist() == [0, 1, 2]
