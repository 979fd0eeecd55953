"""Data-parallel training priced: the equations by hand, and what is refused."""

import json
import math

import pytest
from click.testing import CliRunner

from hwcodesign.analyze.scaling import WAYS, parse_bandwidth, parse_workers, scaling
from hwcodesign.analyze.subject import find_subject
from hwcodesign.cli.analyze import command as analyze
from hwcodesign.core.errors import UserError
from hwcodesign.training.throughput import training_images_per_second


def test_the_equations_by_hand():
    # A gradient of 1 GB over 1 GB/s, so that one transfer takes a second; 64 images take 64 s on one worker.
    result = scaling("net", 250_000_000, 64, (1, 2, 8), 1.0, 1e9)
    one, two, eight = result.steps
    assert (one.compute, one.server, one.tree, one.ring) == (64, 0, 0, 0)
    assert (two.compute, two.server, two.tree, two.ring) == (32, 2, 2, 1)
    assert (eight.compute, eight.server, eight.tree, eight.ring) == (8, 8, 6, 1.75)
    assert all(result.speedup(one, way) == 1 for way in WAYS)
    assert [result.speedup(eight, way) for way in WAYS] == [64 / 16, 64 / 14, 64 / 9.75, 8]


def test_communication_hides_behind_backward_only():
    result = scaling("net", 250_000_000, 4, (4,), 1.0, 1e9 / 10)  # compute 1 s, ring 15 s
    (step,) = result.steps
    assert step.seconds("overlapped") == pytest.approx(1 / 3 + 15)
    assert step.seconds("ring") == pytest.approx(16)


def test_the_slowest_worker_has_the_larger_share():
    (step,) = scaling("net", 1, 10, (4,), 1.0, 1e9).steps
    assert (step.images_each, step.compute) == (3, 3)


def test_workers():
    assert parse_workers("1..128") == (1, 2, 4, 8, 16, 32, 64, 128)
    assert parse_workers("3..20") == (3, 6, 12, 20)
    assert parse_workers("8,1,2") == (1, 2, 8)
    for text in ("0..4", "8..4", "0", "2,0", "two", "1-4", ""):
        with pytest.raises(UserError, match="must be numbers from 1 on"):
            parse_workers(text)


def test_bandwidth():
    assert parse_bandwidth("10Gbit/s") == parse_bandwidth("1.25GB/s") == parse_bandwidth("10Gbps") == 1.25e9
    assert parse_bandwidth("100 MB") == 1e8 and parse_bandwidth("800b") == 100
    for text in ("10", "fast", "0GB/s", "1.2.3GB", "-1GB"):
        with pytest.raises(UserError, match=r"--bandwidth .*: must be bytes or bits per second"):
            parse_bandwidth(text)


def test_the_command_in_tables_and_json():
    arguments = ["NiN", "--training", "--bandwidth", "3GB/s", "--images-per-second", "120"]
    text = CliRunner().invoke(analyze, arguments, catch_exceptions=False).output
    for expected in ("30.4 MB of gradients", "x tree", "overlapped", "GoogLeNet", "47x"):
        assert expected in text
    document = json.loads(CliRunner().invoke(analyze, [*arguments, "--json"], catch_exceptions=False).output)
    last = document["steps"][-1]
    assert last["workers"] == 128 and last["tree"] == pytest.approx(4 * 7_595_176 * 2 * math.log2(128) / 3e9)
    assert len(document["firecaffe"]) == 5


def test_more_workers_than_images_are_refused():
    with pytest.raises(UserError, match="128 workers for a batch of 64 images leave some without any"):
        CliRunner().invoke(analyze, ["NiN", "--training", "--batch", "64", "--images-per-second", "1"],
                           catch_exceptions=False)  # fmt: skip


def test_this_machines_own_speed_is_measured():
    assert training_images_per_second(find_subject("lenet").network()) > 1
    text = CliRunner().invoke(analyze, ["lenet", "--training", "--workers", "1,2"], catch_exceptions=False).output
    assert "images/s a worker" in text
