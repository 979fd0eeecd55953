"""Several workers do what one does: the same gradients, losses and statistics; and when one fails, all say why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hwcodesign.errors import UserError
from hwcodesign.training import workers

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
def steps(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    folder, script = tmp_path_factory.mktemp("steps"), Path(__file__).with_name("one_step.py")
    for count in (1, 2):
        launch(count, script, folder / f"{count}.pt")
    return torch.load(folder / "1.pt"), torch.load(folder / "2.pt")


@pytest.mark.parametrize("phase", ["quantized", "float"])
def test_gradients_are_those_of_one_process_on_the_same_batch(steps: tuple[dict, dict], phase: str) -> None:
    """In float64, to 1e-9 of each tensor's largest element: the sums are the same but for the order of additions.

    31 images do not divide by two; batch norm sees all of them all the same.
    """
    one, two = (step[phase] for step in steps)
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-12)
    assert one["gradients"].keys() == two["gradients"].keys() and len(one["gradients"]) > 10
    for kind in ("gradients", "buffers"):
        for name, expected in one[kind].items():
            assert (two[kind][name] - expected).abs().max() <= 1e-9 * expected.abs().max(), (kind, name)
    assert max(gradient.abs().max() for gradient in one["gradients"].values()) > 1e-3


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
