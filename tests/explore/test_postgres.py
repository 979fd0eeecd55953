"""Two workers on a real PostgreSQL, directly and through the proxy; one is killed, and nothing is lost or twice."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.explore.studies import PLANNED, write

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/nowhere"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROGRAMS / "initdb").exists(), reason="PostgreSQL is not installed"),
]
POINTS, USER = 14, "hwcodesign"
# PostgreSQL refuses to run as root: there it gets a user namespace in which it is not.
NO_ROOT = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
STUDY = PLANNED.replace('"all"', f'"tpe"\npoints = {POINTS}')


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """The server, from when it listens until it is stopped."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None
            time.sleep(0.1)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of a database on loopback, made for this test."""
    pytest.importorskip("psycopg2")
    data, port = Path(tempfile.mkdtemp(prefix="pg")), free_port()  # short: a socket's path has a hundred characters
    try:
        init = [*NO_ROOT, PROGRAMS / "initdb", "-A", "trust", "-U", USER, data]
        subprocess.run(init, check=True, capture_output=True)
        only_here = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}", "-p", str(port)]
        with running([*NO_ROOT, str(PROGRAMS / "postgres"), "-D", str(data), *only_here], port):
            create = [PROGRAMS / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", USER, "studies"]
            subprocess.run(create, check=True)
            yield f"postgresql://{USER}@127.0.0.1:{port}/studies"
    finally:
        shutil.rmtree(data)


def hwcodesign(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "hwcodesign", "explore", *map(str, arguments)]


@pytest.mark.parametrize("proxied", [False, True])
def test_a_killed_workers_point_is_taken_up_by_the_other(database: str, proxied: bool, tmp_path: Path) -> None:
    study, port = write(STUDY, tmp_path), free_port()
    proxy = running(hwcodesign("serve", database, "--port", port), port) if proxied else nullcontext()
    storage = f"grpc://localhost:{port}" if proxied else database
    with proxy:
        commands = [hwcodesign(study, "--storage", storage, "--out", tmp_path / n, "--jobs", 1) for n in ("a", "b")]
        doomed, other = (subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands)
        while "owner" not in journal(database):  # until there is something to lose
            time.sleep(0.2)
        os.kill(doomed.pid, signal.SIGKILL)
        doomed.wait()
        assert other.wait() == 0
    found = json.loads((tmp_path / "b" / "points.json").read_text())["points"]
    assert len({json.dumps(point["params"], sort_keys=True) for point in found}) == len(found) == POINTS


def journal(database: str) -> str:
    """What trials say of themselves in the database so far."""
    import psycopg2

    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('trial_user_attributes')")
        if cursor.fetchone() == (None,):
            return ""
        cursor.execute("select key from trial_user_attributes")
        return " ".join(key for (key,) in cursor.fetchall())
