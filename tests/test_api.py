"""The Python interface: the whole way on a tiny network, exact; nothing heavy is imported, nothing written unasked."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hwcodesign as hw
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.plan.plan import Plan
from tests.graphs import tiny_squeezenet

FRAMES = 5


def frames(graph: object) -> np.ndarray:
    shape = graph.input.shape  # type: ignore[attr-defined]
    return np.random.default_rng(1).integers(0, 256, (FRAMES, *shape), dtype=np.uint8)


def test_importing_it_costs_nothing() -> None:
    program = (
        "import sys, hwcodesign as hw; assert not [m for m in ('numpy', 'torch', 'click') if m in sys.modules]; "
        "hw.load_recipe('digits-squeezenet'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_room_is_a_package_and_a_function() -> None:
    recipe = hw.load_recipe("digits-squeezenet")
    report = hw.check(recipe)
    assert report == hw.check.check.check_recipe(recipe)  # type: ignore[attr-defined]


def test_all_names_are_there_whatever_is_imported_first() -> None:
    """hwcodesign.check is a package, too."""
    program = (
        "import hwcodesign as hw\n"
        "for _ in range(2):\n"
        "    for name in hw.__all__: assert callable(getattr(hw, name)), name\n"
        "    assert hw.check(hw.load_recipe('digits-squeezenet')).fits\n"
        "from hwcodesign.check.check import CheckReport\n"
        "import hwcodesign.check\n"
        "assert hwcodesign.check.check is not None and hw.check(hw.load_recipe('digits-squeezenet')).fits\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = hw.nothing  # type: ignore[attr-defined]


def test_scores_plan_and_bad_input() -> None:
    graph = tiny_squeezenet()
    pixels = frames(graph)
    assert hw.scores(graph, pixels).shape == (FRAMES, graph.layers[-1].input.channels)
    planned = hw.plan(graph, "ulx3s-85f", frame_rate=1000)
    assert isinstance(planned, Plan)
    with pytest.raises(UserError, match=r"plan: unknown key 'framerate'.*did you mean 'frame_rate'"):
        hw.plan(graph, "ulx3s-85f", framerate=1000)
    with pytest.raises(UserError, match="did you mean 'ulx3s-85f'"):
        hw.plan(graph, "ulx3s")
    with pytest.raises(UserError, match="the array of frames holds"):
        hw.scores(graph, pixels[0])


def test_a_report_is_that_of_the_run(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "mine")
    run.claim()
    (run.path / "report.json").write_text('{"format": "hwcodesign report", "version": 1, "plan": {"slowest": "conv1"}}')
    assert hw.report(run.path)["plan"]["slowest"] == "conv1"
    with pytest.raises(UserError, match="there is no run"):
        hw.report(tmp_path / "other")


@pytest.mark.slow
def test_from_a_recipe_to_rtl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = hw.load_recipe("digits-squeezenet", {"train.epochs": 1, "hardware.frame_rate": 2000.0})
    model = hw.train(recipe, tmp_path / "work")
    graph = hw.lower(model)
    with np.load(tmp_path / "work" / "reference.npz") as reference:
        pixels, trained = reference["images"][:FRAMES], reference["integer_scores"][:FRAMES]
    assert (hw.scores(graph, pixels) == trained).all()
    found = hw.simulate(hw.plan(graph, "ulx3s-85f", frame_rate=2000), pixels)
    assert (found.scores == trained).all()
    assert found.cycles_per_frame is not None
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
