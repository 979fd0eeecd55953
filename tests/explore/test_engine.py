import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hwcodesign.check.check import check_recipe
from hwcodesign.core.errors import DivergedError, UserError
from hwcodesign.explore import training
from hwcodesign.explore.engine import MARKER, Engine, claim, require_same_images
from hwcodesign.explore.results import Results, results_of
from hwcodesign.explore.space import points
from hwcodesign.explore.study import Rung, load_study
from hwcodesign.recipe import Recipe, find_recipe
from tests.explore.studies import PLANNED, TRAINED, write


def silent(step: str, done: int, wanted: int) -> None:
    pass


def searched(text: str, folder: Path) -> Results:
    engine = Engine(load_study(write(text, folder)), folder / "out")
    engine.work(silent)
    return results_of(engine)


def test_all_points_are_planned_and_the_front_is_that_of_brute_force(tmp_path: Path) -> None:
    results = searched(PLANNED, tmp_path)
    study = load_study(tmp_path / "study.toml")
    figures = {}
    for params in points(study.space):
        report = check_recipe(study.recipe_at(params))
        assert report.fits
        figures[json.dumps(params, sort_keys=True)] = (report.frame_rate, report.total.lut)
    found = {json.dumps(p.params, sort_keys=True): (p.figures["frame_rate"], p.figures["lut"]) for p in results.points}
    assert found == figures
    best = {
        key
        for key, (rate, lut) in figures.items()
        if not any(r >= rate and u <= lut and (r, u) != (rate, lut) for r, u in figures.values())
    }
    assert {json.dumps(p.params, sort_keys=True) for p in results.front} == best


@pytest.mark.parametrize("sampler", ["random", "tpe", "nsga2", "gp"])
def test_every_sampler_tries_as_many_points_as_asked_for_and_none_twice(sampler: str, tmp_path: Path) -> None:
    results = searched(PLANNED.replace('"all"', f'"{sampler}"\npoints = 15'), tmp_path)
    assert len({json.dumps(p.params, sort_keys=True) for p in results.points}) == len(results.points) == 15


def test_what_does_not_fit_is_never_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []

    def counted(recipe: object, *rest: object) -> float:
        trained.append(recipe)
        return 0.5

    monkeypatch.setattr(training, "trained_figure", counted)
    text = TRAINED.replace("[search]", "[at_most]\nlut = 1\n[search]")
    results = searched(text, tmp_path)
    assert not trained
    assert not results.front
    assert all("outside the study's bounds: lut 1" in p.excluded for p in results.points)


def test_rungs_train_the_best_of_those_before(tmp_path: Path) -> None:
    results = searched(TRAINED, tmp_path)
    rungs = [p.rung for p in results.points]
    assert sorted(rungs) == ["long", "long", "short", "short"]
    assert all(0 < p.figures["accuracy"] <= 1 for p in results.points)
    assert {p.rung for p in results.front} == {"long"}
    assert len(list((tmp_path / "out" / "points").iterdir())) == 6


def test_a_training_that_diverges_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverges(*arguments: object) -> float:
        raise DivergedError("epoch 0, step 3: the loss is nan")

    monkeypatch.setattr(training, "trained_figure", diverges)
    results = searched(TRAINED.replace("points = 4", "points = 2"), tmp_path)
    assert len(results.points) == 2
    assert all("the loss is nan" in p.excluded for p in results.points)


def test_a_training_that_cannot_begin_is_marked_and_a_full_disk_is_not_the_points_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: object) -> float:
        raise UserError("train.distillation learns from a float network")

    def full(*arguments: object) -> float:
        try:
            raise OSError("No space left on device")
        except OSError:
            raise UserError("cannot write best.pt") from None

    text = TRAINED.replace("points = 4", "points = 2")
    monkeypatch.setattr(training, "trained_figure", full)
    with pytest.raises(UserError, match=r"cannot write best\.pt"):
        searched(text, tmp_path)
    monkeypatch.setattr(training, "trained_figure", refused)
    assert {p.excluded for p in searched(text, tmp_path).points} == {"train.distillation learns from a float network"}


@pytest.mark.parametrize("sampler", ["all", "tpe"])
def test_what_the_last_rung_leaves_out_is_in_no_front(
    sampler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(recipe: Recipe, rung: Rung, *rest: object) -> float:
        if rung.name == "long" and recipe.network["base_e"] == 8:
            raise DivergedError("the loss is nan")
        return 0.8 if rung.name == "short" else 0.4

    monkeypatch.setattr(training, "trained_figure", shown)
    text = TRAINED.replace('"tpe"\npoints = 4', f'"{sampler}"\npoints = 8').replace("keep = 0.5", "keep = 1.0")
    results = searched(text.replace("[search]", "[at_least]\naccuracy = 0.5\n[search]"), tmp_path)
    assert not results.front and len(results.points) == 8
    assert {p.excluded for p in results.points} == {"the loss is nan", "outside the study's bounds: accuracy 0.5"}


def test_a_base_recipe_that_was_changed_makes_another_study(tmp_path: Path) -> None:
    base, few = tmp_path / "base.toml", PLANNED.replace('"all"', '"random"\npoints = 1')
    base.write_text(find_recipe("digits-squeezenet").read_text())
    searched(few.replace('"digits-squeezenet"', '"base.toml"'), tmp_path)
    base.write_text(base.read_text().replace("conv1_filters = 16", "conv1_filters = 8"))
    with pytest.raises(UserError, match=r"another study of this name \(its base recipe differ"):
        searched(few.replace('"digits-squeezenet"', '"base.toml"'), tmp_path)


def test_a_process_that_helps_plans_nothing_twice(tmp_path: Path) -> None:
    text = TRAINED.replace('"tpe"\npoints = 4', '"all"').replace("[space]", "at_most = { lut = 1 }\n[space]")
    study = load_study(write(text, tmp_path))
    helper = threading.Thread(target=Engine(study, tmp_path / "out").work, args=(silent,), kwargs={"helps": True})
    helper.start()
    engine = Engine(study, tmp_path / "out")
    engine.work(silent)
    helper.join()
    tried = [json.dumps(p.params) for p in results_of(engine).points]
    assert sorted(tried) == sorted(map(json.dumps, points(study.space)))


def test_a_search_goes_on_to_more_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accuracies = iter([0.5, 0.6, 0.7, 0.8, 0.9, 0.91, 0.92])
    monkeypatch.setattr(training, "trained_figure", lambda *arguments: next(accuracies))
    few = searched(TRAINED.replace("points = 4", "points = 2"), tmp_path)
    more = searched(TRAINED.replace("points = 4", "points = 4"), tmp_path)
    assert [len(results.points) for results in (few, more)] == [2, 4]
    assert [sum(p.rung == "long" for p in results.points) for results in (few, more)] == [1, 3]
    kept = {json.dumps(p.params, sort_keys=True) for p in few.points}
    assert kept < {json.dumps(p.params, sort_keys=True) for p in more.points}
    assert json.loads((tmp_path / "out" / MARKER).read_text())["study"]["search"]["points"] == 4


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="other files"):
        searched(PLANNED, tmp_path)
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
    assert not (tmp_path / "out" / MARKER).exists()


def test_another_study_of_the_same_name_is_refused(tmp_path: Path) -> None:
    few = PLANNED.replace('"all"', '"random"\npoints = 1')
    searched(few, tmp_path)
    with pytest.raises(UserError, match="another study"):
        searched(few.replace("0.5]", "0.25]"), tmp_path)


def test_trainings_on_other_images_are_not_compared(tmp_path: Path) -> None:
    claim(load_study(write(TRAINED, tmp_path)), tmp_path / "out")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.png").write_bytes(b"")
    for _ in range(2):
        require_same_images(tmp_path / "out", tmp_path / "first")
    with pytest.raises(UserError, match="holds trainings on other images"):
        require_same_images(tmp_path / "out", tmp_path / "second")


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    searched(PLANNED.replace('"all"', '"random"\npoints = 1'), tmp_path)
    journal = tmp_path / "out" / "journal.log"
    journal.write_text(journal.read_text().replace('"op_code"', '"op', 1))
    with pytest.raises(UserError, match=r"journal\.log is damaged"):
        Engine(load_study(tmp_path / "study.toml"), tmp_path / "out")


def test_a_storage_that_is_down_says_where_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwcodesign.explore.storage.PAUSES", (0.01,))
    study = load_study(write(PLANNED, tmp_path))
    with pytest.raises(UserError, match=r"does not answer.*the same command goes on"):
        Engine(study, tmp_path / "out", "grpc://localhost:1")
    with pytest.raises(UserError, match="must be a URL"):
        Engine(study, tmp_path / "out", "here")


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on_to_the_same_number_of_points(tmp_path: Path) -> None:
    study = write(PLANNED.replace('"all"', '"tpe"\npoints = 14'), tmp_path)
    command = [sys.executable, "-m", "hwcodesign", "explore", str(study), "--out", str(tmp_path / "out"), "--jobs", "2"]
    for after in (3.0, 4.5, 6.0):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(after)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = json.loads((tmp_path / "out" / "points.json").read_text())["points"]
    assert len({json.dumps(p["params"], sort_keys=True) for p in found}) == len(found) == 14
