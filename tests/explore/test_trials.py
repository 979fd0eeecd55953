"""Trials shared by workers: none twice, those of the dead taken over, those of the living left alone."""

import os
import socket
import time

import optuna
import pytest

from hwcodesign.explore import trials
from hwcodesign.explore.trials import Trials

SPACE = {"network.SR": [0.25, 0.5], "network.base_e": [4, 8]}
optuna.logging.set_verbosity(optuna.logging.WARNING)


def study() -> optuna.Study:
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))


def test_every_point_is_tried_once_and_then_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Trials(study(), SPACE, wanted=10, seed=1)  # type: ignore[arg-type]
    seen = []
    while taken := shared.take():
        trial, params = taken
        seen.append(tuple(params.values()))
        shared.study.tell(trial, 1.0)
    assert sorted(seen) == [(0.25, 4), (0.25, 8), (0.5, 4), (0.5, 8)] and not shared.done()


def test_no_more_than_are_wanted_also_while_others_work() -> None:
    shared = Trials(study(), SPACE, wanted=2, seed=1)  # type: ignore[arg-type]
    first, second = shared.take(), shared.take()
    assert first and second and shared.take() is None
    for taken in (first, second):
        shared.study.tell(taken[0], 1.0)
    assert shared.done() and len(shared.finished()) == 2


def test_given_points_are_the_only_ones() -> None:
    points = [{"network.SR": 0.5, "network.base_e": 8}]
    shared = Trials(study(), SPACE, wanted=5, seed=1, points=points)  # type: ignore[arg-type]
    shared.study.enqueue_trial(points[0])
    taken = shared.take()
    assert taken is not None and taken[1] == points[0]
    shared.study.tell(taken[0], 1.0)
    assert shared.take() is None


def test_points_that_are_no_longer_wanted_do_not_count() -> None:
    former, wanted = {"network.SR": 0.25, "network.base_e": 4}, {"network.SR": 0.5, "network.base_e": 8}
    made = study()
    for point in (former, wanted):
        shared = Trials(made, SPACE, wanted=1, seed=1, points=[point])  # type: ignore[arg-type]
        made.enqueue_trial(former)
        made.enqueue_trial(wanted)
        assert not shared.finished()
        taken = shared.take()
        assert taken is not None and taken[1] == point
        made.tell(taken[0], 1.0)
        assert shared.done() and shared.take() is None


def owned(shared: Trials, owner: str) -> dict[str, object]:
    taken = shared.take()
    assert taken is not None
    taken[0].set_user_attr("owner", owner)
    return dict(taken[1])


def test_the_point_of_a_worker_that_died_here_is_put_back_at_once() -> None:
    gone = os.fork()
    if not gone:
        os._exit(0)
    os.waitpid(gone, 0)
    shared = Trials(study(), SPACE, wanted=4, seed=1)  # type: ignore[arg-type]
    params = owned(shared, f"{socket.gethostname()}:{gone}")
    shared.take_over()
    again = shared.take()
    assert again is not None and again[1] == params


def test_a_worker_elsewhere_has_its_grace_by_our_own_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(trials.time, "monotonic", lambda: now[0])
    shared = Trials(study(), SPACE, wanted=4, seed=1)  # type: ignore[arg-type]
    owned(shared, "elsewhere:1")
    running = (optuna.trial.TrialState.RUNNING,)
    for seconds, left in ((0.0, 1), (trials.GRACE, 1), (trials.GRACE + 1, 0)):
        now[0] = seconds
        shared.take_over()
        assert len(shared.study.get_trials(states=running)) == left


def test_whoever_works_lets_the_trial_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "BEAT", 0.01)
    shared = Trials(study(), SPACE, wanted=4, seed=1)  # type: ignore[arg-type]
    taken = shared.take()
    assert taken is not None
    with shared.beating(taken[0]):
        time.sleep(0.5)
    assert "beat" in taken[0].user_attrs
    assert taken[0].user_attrs["owner"] == f"{socket.gethostname()}:{os.getpid()}"
    shared.take_over()  # of the living: nothing
    assert len(shared.study.get_trials(states=(optuna.trial.TrialState.RUNNING,))) == 1
