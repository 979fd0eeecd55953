"""A search shared by workers over a real PostgreSQL, behind Optuna's gRPC proxy and without; one of them is killed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.explore.studies import PLANNED, write

_SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _SERVERS, reason="PostgreSQL's server is not installed"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of our own on loopback; PostgreSQL does not run as root."""
    pytest.importorskip("psycopg2")
    place = Path(f"/tmp/hwcodesign-postgres-{os.getpid()}")
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    programs, port = _SERVERS[-1].parent, free_port()
    data = place / "data"

    def quietly(*command: str) -> None:
        subprocess.run([*user, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")

    quietly(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "tester")
    options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(place / "log")]
    quietly(*control, "-o", options, "start")
    try:
        yield f"postgresql+psycopg2://tester@127.0.0.1:{port}/postgres"
    finally:
        quietly(*control, "-m", "immediate", "stop")
        shutil.rmtree(place, ignore_errors=True)


def worker(study: Path, storage: str, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hwcodesign", "explore", str(study), "--storage", storage, "--jobs", "1"]
    return subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("proxy", [False, True])
def test_a_worker_dies_and_nothing_is_lost_or_counted_twice(database: str, proxy: bool, tmp_path: Path) -> None:
    study = write(PLANNED.replace('"all"', '"random"\npoints = 16'), tmp_path)
    storage, server = database, None
    if proxy:
        port = free_port()
        command = [sys.executable, "-m", "hwcodesign", "explore", "serve", database, "--port", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        storage = f"grpc://localhost:{port}"
    try:
        first, second = worker(study, storage, tmp_path / "a"), worker(study, storage, tmp_path / "b")
        time.sleep(8.0)
        os.kill(second.pid, signal.SIGKILL)
        second.wait()
        assert first.wait(timeout=300) == 0
    finally:
        if server:
            server.terminate()
            server.wait()
    found = json.loads((tmp_path / "a" / "points.json").read_text())
    assert found["progress"]["search"] == [16, 16]
    assert len({json.dumps(p["params"], sort_keys=True) for p in found["points"]}) == len(found["points"]) == 16
