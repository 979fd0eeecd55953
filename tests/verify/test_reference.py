"""Where the expected scores come from."""

from pathlib import Path

import numpy as np

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from hwcodesign.verify import extremes
from hwcodesign.verify.images import RANDOM_FRAMES
from hwcodesign.verify.reference import CHOSEN, FILE, FRAMES, _chosen, extremes_for, file_of, frames_of
from tests.graphs import tiny_lenet


def test_somebodys_file_is_kept_beside_the_lowered_graph_and_ours_is_the_export(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert file_of(run) == run.stage("export") / "model.onnx"
    run.stage("lower").mkdir(parents=True)
    (run.stage("lower") / FILE).touch()
    assert file_of(run) == run.stage("lower") / FILE


def test_compared_frames_come_back_with_their_scores_and_say_what_they_are(tmp_path: Path) -> None:
    run, frames, scores = RunFolder(tmp_path), np.ones((2, 4, 4, 1)), np.array([[1, 2], [3, 4]])
    run.stage("lower").mkdir(parents=True)
    np.savez(run.stage("lower") / FRAMES, images=frames, origin="2 random", integer_scores=scores)
    found = frames_of(run)
    assert (found.frames == frames).all() and found.scores is not None and (found.scores == scores).all()
    assert found.origin == "2 random" and found.labels is None


def test_random_and_extreme_frames_are_chosen_alike_every_time() -> None:
    graph = tiny_lenet()
    found = _chosen(graph)
    assert len(found.frames) == CHOSEN == RANDOM_FRAMES + extremes.COUNT
    assert (found.frames == _chosen(graph).frames).all() and "extreme ones" in found.origin
    assert found.frames.max() == 255 and found.frames.min() == 0


def test_a_slow_design_is_shown_fewer_extremes_but_enough_to_measure_its_pace() -> None:
    fast = plan(tiny_lenet(), load_board("ulx3s-85f"), frame_rate=1000)
    slow = plan(tiny_lenet(), load_board("ulx3s-85f"), frame_rate=1)
    from dataclasses import replace

    assert len(extremes_for(replace(slow, cycles_per_frame=10**7)).frames) == 3
    assert len(extremes_for(fast).frames) == extremes.COUNT
