"""This machine's own speed: so many images in so much time."""

import pytest

from hwcodesign.nets.lenet import LeNet
from hwcodesign.training import throughput


def test_images_are_counted_over_the_measured_steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 104.0])
    monkeypatch.setattr(throughput.time, "monotonic", lambda: next(clock))
    network = LeNet((3, 4, 6, 5), 3).describe((14, 14, 1), 5)
    assert throughput.training_images_per_second(network) == throughput.BATCH * throughput.STEPS / 4.0
