"""What the commands of `hwcodesign explore` do."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import write_whole
from hwcodesign.core.strict_toml import validated
from hwcodesign.core.terminal import console
from hwcodesign.data import load_dataset
from hwcodesign.explore.engine import MARKER, Engine, Report, require_same_images
from hwcodesign.explore.page import write_page
from hwcodesign.explore.pick import best_point, point_numbered, write_recipe
from hwcodesign.explore.results import Results, results_of
from hwcodesign.explore.storage import shown
from hwcodesign.explore.study import Study, load_study
from hwcodesign.explore.table import front_so_far, table
from hwcodesign.explore.what_if import planned, what_if_study
from hwcodesign.recipe import DataTable

PAGE, POINTS = "explore.html", "points.json"
QUIET_SECONDS = 10.0  # between lines of progress where there is no terminal


def search(path: Path, data: Path | None, out: Path | None, storage: str | None, jobs: int, worker: int | None) -> None:
    """Search the study of `path` to its end with `jobs` processes, and show what was found."""
    study = load_study(path)
    folder = out or Path("explore") / study.name
    if not worker:
        _require_data(study, data)
        points = f"{study.count:,} points" if study.count < 10**15 else f"{study.count:.2g} points"
        console().print(f"{study.name}: {points} in the space, {study.budget:,} to try")
    if worker:
        _end_with(worker)
    engine = Engine(study, folder, storage, data)
    if worker:
        engine.work(lambda *_: None, helps=True)
        return
    if study.trains and data is not None:
        require_same_images(folder, data)
    several = jobs if study.search.sampler not in ("all", "random") or study.trains or storage else 1
    with _helpers(path, folder, data, storage, several - 1), _progress(engine) as report:
        engine.work(report, jobs)
    _show(engine, results_of(engine))


def answer(recipe: str, wishes: Sequence[str], json_file: Path | None) -> None:
    """Plan every combination of the `wishes`, and show all of them."""
    study = what_if_study(recipe, wishes)
    results = planned(study)
    console().print(table(study, results, everything=True))
    if json_file:
        write_whole(json_file, json.dumps(results.document(), indent=1) + "\n")


def show_results(path: Path, out: Path | None, storage: str | None, json_file: Path | None) -> None:
    """Print and draw what was found so far."""
    engine = _existing(path, out, storage)
    results = results_of(engine)
    if json_file:
        write_whole(json_file, json.dumps(results.document(), indent=1) + "\n")
    _show(engine, results)


def pick_point(path: Path, number: int | None, out: Path | None, storage: str | None, recipe: Path | None) -> None:
    """Write a point's recipe, the best one's if no number is given, and say what to do with it."""
    engine = _existing(path, out, storage)
    results = results_of(engine)
    point = best_point(engine.study, results) if number is None else point_numbered(results, number)
    target = recipe or Path(f"{engine.study.name}-{point.number}.toml")
    write_recipe(engine.study, point, target)
    console().print(f"{target}: hwcodesign run {quote(str(target))}", markup=False)
    if point.excluded:
        console().print(f"mind that this point is no candidate: {point.excluded}", markup=False)


def serve_storage(url: str, host: str, port: int) -> None:
    """Run the proxy until it is stopped."""
    from optuna.storages import run_grpc_proxy_server

    from hwcodesign.explore.storage import open_storage

    if url.startswith("grpc://"):
        raise UserError(f"{url} is a proxy already: give the database's own URL")
    console().print(f"workers: hwcodesign explore STUDY.toml --storage grpc://{host}:{port}", markup=False)
    run_grpc_proxy_server(open_storage(url, Path()), host=host, port=port)


def _existing(path: Path, out: Path | None, storage: str | None) -> Engine:
    study = load_study(path)
    folder = out or Path("explore") / study.name
    if storage is None and not (folder / MARKER).exists():
        raise UserError(f"{folder} holds no search of {study.name}: hwcodesign explore {quote(str(path))} makes it")
    engine = Engine(study, folder, storage)
    if storage is not None and not engine.begun:
        raise UserError(
            f"{shown(storage)} holds no search of {study.name}: hwcodesign explore {quote(str(path))} --storage ... "
            "makes it"
        )
    return engine


def _show(engine: Engine, results: Results) -> None:
    write_whole(engine.folder / POINTS, json.dumps(results.document(), indent=1) + "\n")
    write_page(engine.study, results, engine.folder / PAGE)
    console().print(table(engine.study, results))
    console().print(f"{engine.folder / PAGE}, {engine.folder / POINTS}", markup=False)


def _require_data(study: Study, data: Path | None) -> None:
    """Raise UserError before the first point if the trainings could not even begin: the images are read once."""
    datasets = {study.tables.get("data", {}).get("dataset")}
    if "data.dataset" in study.space:
        varied = study.space["data.dataset"]
        datasets = set(varied) if isinstance(varied, list) else datasets
    if study.trains and data is None and datasets != {"digits"}:
        raise UserError(f"the study's rungs train on {', '.join(map(str, datasets))}: say --data FOLDER")
    if data is not None and not data.is_dir():
        raise UserError(f"--data {data}: there is no such folder")
    for name in datasets if study.trains else ():
        table = {**study.tables.get("data", {}), "dataset": name}
        load_dataset(validated(DataTable, table, f"{study.name}: data"), data)


@contextmanager
def _helpers(path: Path, folder: Path, data: Path | None, storage: str | None, count: int) -> Iterator[None]:
    """Further worker processes on this machine while inside; they end with us."""
    command = [
        sys.executable,
        "-m",
        "hwcodesign",
        "explore",
        "run",
        str(path),
        "--out",
        str(folder),
        "--worker",
        str(os.getpid()),
    ]
    command += ["--data", str(data)] if data else []
    command += ["--storage", storage] if storage else []
    # In a group of their own: Ctrl-C is ours to take, and to tell.
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL, process_group=0) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def _end_with(parent: int) -> None:
    """End this process once `parent`, which started it, is gone, however it went, or at its signal, in silence."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _progress(engine: Engine) -> Iterator[Report]:
    """A bar for each step with the time left and the front so far, or lines where there is no terminal.

    Storages of many points take a moment to read: the front is worked out again every few seconds.
    """
    if not sys.stdout.isatty():
        last = {"": 0.0}

        def line(step: str, done: int, wanted: int) -> None:
            now = time.monotonic()
            if done >= wanted or now - last.get(step, 0.0) > QUIET_SECONDS:
                if last.get(step) != -1.0:
                    found = front_so_far(engine, step)
                    print(f"{step}: {done:,} of {wanted:,} points{'; ' if found else ''}{found}", flush=True)
                last[step] = -1.0 if done >= wanted else now

        yield line
        return
    from rich.console import Group
    from rich.live import Live
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    own = console()  # a training of this process has a bar on the common one, and a console has one bar at a time
    progress = Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=own)
    tasks: dict[str, TaskID] = {}
    below, told = "", 0.0
    with Live(get_renderable=lambda: Group(progress, below), console=own):

        def bar(step: str, done: int, wanted: int) -> None:
            nonlocal below, told
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=wanted)
            progress.update(tasks[step], completed=done)
            if done >= wanted or time.monotonic() - told > QUIET_SECONDS:
                below, told = front_so_far(engine, step), time.monotonic()

        yield bar
