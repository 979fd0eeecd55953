"""Which frames the hardware is simulated with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.job import Job
from hwcodesign.recipe import load_recipe
from hwcodesign.verify.images import RANDOM_FRAMES, Images
from hwcodesign.verify.stage import images_of
from tests.graphs import tiny_lenet

GRAPH = tiny_lenet()
EXPORTED = np.arange(4).reshape(4, 1, 1, 1) + np.zeros((1, *GRAPH.input.shape), np.uint8)


def job(folder: Path, exported: bool = True, labels: bool = False, **changes: Any) -> Job:
    recipe = load_recipe("digits-squeezenet")
    made = Job(RunFolder(folder), recipe.hardware, recipe, **changes)
    if exported:
        made.run.stage("export").mkdir(parents=True)
        known = {"labels": np.arange(4)} if labels else {}
        scores = np.arange(40).reshape(4, 10)
        np.savez(made.run.stage("export") / "reference.npz", images=EXPORTED, integer_scores=scores, **known)
    return made


@pytest.mark.parametrize(("asked", "given"), [(None, 4), (1, 1), (3, 3), (4, 4)])
def test_an_untrained_network_has_the_frames_that_it_was_exported_with(tmp_path: Path, asked: int, given: int) -> None:
    found = images_of(job(tmp_path, untrained=True, frames=asked), GRAPH)
    assert len(found.frames) == given and found.scores is not None
    assert all(found.scores[n, 0] == 10 * found.frames[n, 0, 0, 0] for n in range(given))


def test_more_are_drawn_where_more_are_asked_for(tmp_path: Path) -> None:
    found = images_of(job(tmp_path, untrained=True, frames=20), GRAPH)
    assert np.array_equal(found.frames, Images.random(GRAPH, 20).frames)
    assert found.scores is None and found.origin == "random images (untrained network)"


def test_of_held_out_images_there_are_no_more(tmp_path: Path) -> None:
    found = images_of(job(tmp_path, labels=True, frames=20), GRAPH)
    assert np.array_equal(found.frames, EXPORTED) and found.origin == "held-out images"


def test_where_there_are_none_frames_are_random(tmp_path: Path) -> None:
    assert len(images_of(job(tmp_path, exported=False), GRAPH).frames) == RANDOM_FRAMES
    assert len(images_of(job(tmp_path, exported=False, frames=20), GRAPH).frames) == 20
