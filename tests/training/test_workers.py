"""Several workers do what one does: the same gradients, losses and statistics; and when one fails, all say why."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from rich.console import Console

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.flow.pipeline import run_job
from hwcodesign.job import Job
from hwcodesign.recipe import load_recipe
from hwcodesign.training import workers

RECIPE = """
[network]
family = "squeezenet"
base_e = 8
incr_e = 8
SR = 0.5
fire_modules = 1
conv1_filters = 8
conv1_kernel = 3
pool_after = []
[data]
dataset = "digits"
size = [8, 8]
classes = 10
[train]
float_epochs = 2
epochs = 2
[hardware]
board = "ulx3s-85f"
"""
ROOT = Path(__file__).parents[2]


def launch(count: int, *arguments: object, check: bool = True) -> str:
    """Run `arguments` in `count` processes (in one without torchrun if it is 1); what they printed."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)] if count > 1 else []
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *torchrun, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode == 0) == check, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict, dict]:
    """Of one process alone, and of each of two."""
    folder, script = tmp_path_factory.mktemp("steps"), Path(__file__).with_name("one_step.py")
    for count in (1, 2):
        launch(count, script, folder)
    alone, first, second = (torch.load(folder / f"{name}.pt") for name in ("0_of_1", "0_of_2", "1_of_2"))
    return alone, first, second


@pytest.mark.parametrize("phase", ["quantized", "float"])
def test_gradients_are_those_of_one_process_on_the_same_batch(steps: tuple[dict, dict, dict], phase: str) -> None:
    """In float64, to 1e-9 of each tensor's largest element: the sums are the same but for the order of additions.

    31 images do not divide by two; batch norm sees all of them all the same.
    """
    one, two, _ = (step[phase] for step in steps)
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-12)
    assert one["gradients"].keys() == two["gradients"].keys() and len(one["gradients"]) > 10
    for kind in ("gradients", "buffers"):
        for name, expected in one[kind].items():
            assert (two[kind][name] - expected).abs().max() <= 1e-9 * expected.abs().max(), (kind, name)
    assert max(gradient.abs().max() for gradient in one["gradients"].values()) > 1e-3


@pytest.mark.parametrize("phase", ["quantized", "float"])
def test_two_processes_stay_the_same_to_the_bit(steps: tuple[dict, dict, dict], phase: str) -> None:
    _, first, second = (step[phase] for step in steps)
    for kind in ("gradients", "buffers"):
        assert first[kind].keys() == second[kind].keys()
        for name, value in first[kind].items():
            assert torch.equal(second[kind][name], value), (kind, name)


def test_alone_nothing_changes() -> None:
    model, batch = torch.nn.BatchNorm2d(3), torch.arange(5)
    with workers.joined(torch.device("cpu")):
        assert (workers.count(), workers.index()) == (1, 0)
        assert workers.parallel(model, unused_parameters=True) is model and type(model) is torch.nn.BatchNorm2d
        assert torch.equal(workers.share(batch), batch)
        assert float(workers.total(torch.tensor(3.0))) == float(workers.weighted(torch.tensor(3.0), 5, 5)) == 3
        workers.require_shares(63)


def test_a_batch_that_does_not_divide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "count", lambda: 3)
    workers.require_shares(63)
    with pytest.raises(UserError, match=r"batch_size = 64 does not divide among 3 workers; use 63 or 66"):
        workers.require_shares(64)


@pytest.mark.parametrize(
    ("fails", "message"),
    [
        ("raises", "RANK 0: worker 1 of 2 failed: the data folder is gone"),
        ("killed", "RANK 0: worker 0 lost another one, which died without a word"),
    ],
)
def test_when_one_worker_dies_the_others_stop_and_say_why(fails: str, message: str) -> None:
    printed = launch(2, Path(__file__).with_name("failing_worker.py"), fails, check=False)
    assert message in printed, printed


def losses(metrics: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in metrics.read_text().splitlines()]


def test_two_processes_train_as_one_does(tmp_path: Path) -> None:
    """Before a rounding differs the losses are equal; behind it they stay close. The first alone writes."""
    recipe = tmp_path / "small.toml"
    recipe.write_text(RECIPE)
    for count in (1, 2):
        launch(count, "-m", "hwcodesign", "train", recipe, "--runs", tmp_path / str(count), "--device", "cpu")
    one, two = (losses(tmp_path / f"{count}/small/train/metrics.jsonl") for count in (1, 2))
    assert len(one) == len(two) == 4
    assert two[:2] == pytest.approx(one[:2], rel=1e-5)  # in float
    assert two[2:] == pytest.approx(one[2:], rel=0.05)  # quantized: one activation on another level is a step
    assert len(list((tmp_path / "2/small/train").glob("events.out.tfevents*"))) == 1
    files = {path.name for path in (tmp_path / "2/small/train").iterdir() if "tfevents" not in path.name}
    assert files == {"best.pt", "float.pt", "last.pt", "metrics.jsonl", "stage.json"}


WAITING_WORKER = """
import os, sys, time, torch
from pathlib import Path
from hwcodesign.training import workers
with workers.joined(torch.device("cpu")):
    Path(sys.argv[1], str(workers.index())).write_text(str(os.getpid()))
    time.sleep(120)
"""


@pytest.mark.slow
def test_workers_die_with_a_killed_torchrun(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text(WAITING_WORKER)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    torchrun = subprocess.Popen([*command, tmp_path / "worker.py", tmp_path], env=environment)
    pids = [tmp_path / "0", tmp_path / "1"]
    deadline = time.monotonic() + 120
    while not all(pid.exists() and pid.read_text() for pid in pids):
        assert torchrun.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    torchrun.kill()
    torchrun.wait()
    time.sleep(5)
    assert not any(Path("/proc", pid.read_text()).exists() for pid in pids)


def test_a_workers_own_bad_input_is_no_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    words, own = torch.distributed.HashStore(), UserError("cannot read the image igloo/1.png")
    assert workers._explained(own, words, rank=1) is own
    assert words.get(workers._FAILURE) == b"worker 1 of 2 failed: cannot read the image igloo/1.png"


def test_torchrun_is_for_training_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small.toml").write_text(RECIPE)
    recipe = load_recipe(str(tmp_path / "small.toml"))
    job = Job(run=RunFolder(tmp_path / "small"), hardware=recipe.hardware, recipe=recipe)
    monkeypatch.setenv("WORLD_SIZE", "2")
    for first, last in ((None, None), (None, "train"), ("lower", "lower")):
        with pytest.raises(UserError, match="torchrun is for hwcodesign train alone"):
            run_job(job, Console(quiet=True), first, last)
