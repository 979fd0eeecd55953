"""The search: points are chosen, planned, and trained in rungs, by as many workers as there are.

    search    every point is planned; what fits is trained for the first rung, if the study has rungs
    rung 2..  the best fronts of the rung before are trained for longer (successive halving: K. Jamieson, A. Talwalkar,
              Non-stochastic best arm identification and hyperparameter optimization, 2016)

Each step is an Optuna study of its own in one storage, so any number of workers on any machines can work on it.
"""

import json
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import listing, write_whole
from hwcodesign.explore.cost import Cost, cost_at, violations, worst
from hwcodesign.explore.front import best_fronts
from hwcodesign.explore.space import Params, choices, drawn, point_at
from hwcodesign.explore.storage import open_storage, patiently
from hwcodesign.explore.study import SEARCH, Rung, Study
from hwcodesign.explore.trials import Trials

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

MARKER = "explore.json"
CHUNK = 50  # points that a process plans before it tells
WAIT = 1.0  # seconds between looks at what other workers hold
Report = Callable[[str, int, int], None]  # step, finished points, all points


@dataclass(frozen=True)
class SearchStep:
    """One Optuna study: all points (`rung` is the first, or None if nothing is trained), or a later rung's."""

    name: str
    rung: Rung | None


class Engine:
    """A study being searched: in `folder`, with what `storage` (see storage.py) holds."""

    def __init__(self, study: Study, folder: Path, storage: str | None = None, data: Path | None = None) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        self.study, self.folder, self.url, self.data = study, folder, storage, data
        claim(study, folder)
        self._storage = open_storage(storage, folder)
        self._opened: dict[str, optuna.Study] = {}

    @property
    def begun(self) -> bool:
        """Whether the storage holds the study."""
        names = self._ask(lambda: [study.study_name for study in self._storage.get_all_studies()])
        return f"{self.study.name}/{SEARCH}" in names

    @property
    def steps(self) -> list[SearchStep]:
        every = self.study.search.sampler == "all"
        first = None if every or not self.study.rungs else self.study.rungs[0]
        later = self.study.rungs if every else self.study.rungs[1:]
        return [SearchStep(SEARCH, first), *(SearchStep(rung.name, rung) for rung in later)]

    def step(self, name: str) -> SearchStep:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)

    def optuna_study(self, step: SearchStep) -> "optuna.Study":
        """The Optuna study of one step, made if it is not there."""
        import optuna

        if step.name not in self._opened:
            self._opened[step.name] = patiently(
                self.url,
                lambda: optuna.create_study(
                    storage=self._storage,
                    study_name=f"{self.study.name}/{step.name}",
                    sampler=_sampler(self.study),
                    directions=self.study.directions,
                    load_if_exists=True,
                ),
            )
            self._tag(self._opened[step.name])
        return self._opened[step.name]

    def _tag(self, opened: "optuna.Study") -> None:
        """Refuse a storage that holds another study of this name."""
        document = self.study.document()
        there = opened.user_attrs.get("study")
        if there is None:
            opened.set_metric_names(list(self.study.objectives))  # what Optuna's dashboard calls them
        elif different := _different(json.loads(there), document):
            raise UserError(
                f"the storage holds another study called {self.study.name!r} ({different} differ): give this one "
                "another name, or take another folder (--out) or storage"
            )
        if there != (now := json.dumps(document, sort_keys=True)):
            opened.set_user_attr("study", now)

    def finished(self, step: SearchStep) -> list["FrozenTrial"]:
        """The finished trials of a step."""
        from optuna.trial import TrialState

        return patiently(
            self.url,
            lambda: self.optuna_study(step).get_trials(deepcopy=False, states=(TrialState.COMPLETE,)),
        )

    def wanted(self, step: SearchStep, index: int) -> int:
        """How many points the step has."""
        return self.study.budget if index == 0 else len(self.promoted(index))

    def promoted(self, index: int) -> list[Params]:
        """The points of later step `index`: of those that fit, the best fronts of the step before."""
        before = [t for t in self.finished(self.steps[index - 1]) if feasible(t)]
        rung = self.steps[index].rung
        assert rung is not None
        keep = min(len(before), max(rung.least, round(rung.keep * len(before))))
        order = best_fronts([t.values for t in before], self.study.directions)
        return [before[i].params for i in order[:keep]]

    def work(self, report: Report, jobs: int = 1, helps: bool = False) -> None:
        """Work on the study until every step is finished.

        `jobs`: processes that plan where nothing that was found decides what comes next; `helps`: another process of
        this machine searches, and does that.
        """
        for index, step in enumerate(self.steps):
            if index == 0 and self._known_beforehand:
                if helps:
                    self._wait_for(step)
                else:
                    self._plan_all(step, report, jobs)
            else:
                self._work_on(step, self.promoted(index) if index else None, report)

    @property
    def _known_beforehand(self) -> bool:
        """Whether the first step's points are: then they are planned in chunks, which workers elsewhere cannot."""
        plans_only = self.steps[0].rung is None
        return self.url is None and plans_only and self.study.search.sampler in ("all", "random")

    def _wait_for(self, step: SearchStep) -> None:
        while len(self.finished(step)) < self.study.budget:
            time.sleep(WAIT)

    def _work_on(self, step: SearchStep, points: list[Params] | None, report: Report) -> None:
        """Take trials of one step until all are finished: those of `points`, or those that the sampler chooses."""
        opened = self.optuna_study(step)
        for point in points or ():
            self._ask(opened.enqueue_trial, point, None, True)
        wanted = self.study.budget if points is None else len(points)
        trials = Trials(opened, self.study.space, wanted, self.study.search.seed, points)
        while (finished := len(self._ask(trials.finished))) < wanted:
            report(step.name, finished, wanted)
            self._ask(trials.take_over)
            taken = self._ask(trials.take)
            if taken is None:
                time.sleep(WAIT)
                continue
            trial, params = taken
            with trials.beating(trial):
                values = self._evaluate(trial, params, step.rung)
            self._ask(opened.tell, trial, values, None, True)
        report(step.name, wanted, wanted)

    def _ask(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What `work` gives, patiently: the storage may be down for a while."""
        return patiently(self.url, lambda: work(*arguments))

    def _plan_all(self, step: SearchStep, report: Report, jobs: int) -> None:
        """Plan every point that is to be tried, `jobs` processes side by side; only finished chunks are written."""
        opened, space, total = self.optuna_study(step), self.study.space, self.study.budget
        known = {json.dumps(t.params, sort_keys=True) for t in self.finished(step)}
        wanted: Iterable[int] = range(total)
        if total < self.study.count:  # in their order: the planner remembers the layers of points that lie near
            wanted = sorted(drawn(self.study.count, total, self.study.search.seed))
        todo = (i for i in wanted if json.dumps(point_at(space, i), sort_keys=True) not in known)
        done = len(known)
        report(step.name, done, total)
        with ProcessPoolExecutor(jobs, initializer=_quiet) as pool:
            waiting = []
            for chunk in _chunks(todo, CHUNK):
                waiting.append(pool.submit(_planned, self.study, chunk))
                while len(waiting) >= 2 * jobs:
                    done += self._add(opened, waiting.pop(0).result())
                    report(step.name, done, total)
            for future in waiting:
                done += self._add(opened, future.result())
                report(step.name, done, total)

    def _add(self, opened: "optuna.Study", planned: list[tuple[Params, Cost]]) -> int:
        import optuna

        kinds: dict[str, Any] = {
            key: optuna.distributions.CategoricalDistribution(choices(varied))
            for key, varied in self.study.space.items()
        }
        made = [
            optuna.trial.create_trial(
                values=_values(self.study, cost, None),
                params=params,
                distributions=kinds,
                user_attrs={"cost": cost.document()},
                constraints=violations(self.study, cost),
            )
            for params, cost in planned
        ]
        self._ask(opened.add_trials, made)
        return len(made)

    def _evaluate(self, trial: "optuna.Trial", params: Params, rung: Rung | None) -> list[float]:
        cost, told = cost_at(self.study, params), None
        if rung and max(violations(self.study, cost).values()) <= 0:
            from hwcodesign.explore.training import trained_figure

            try:
                told = trained_figure(self.study.recipe_at(params), rung, self.folder, self.data)
                self._ask(trial.set_user_attr, self.study.metric.objective, told)
            except UserError as error:
                if isinstance(error.__context__, OSError):  # a full disk, say, which the next point meets, too
                    raise
                self._ask(trial.set_user_attr, "failed", str(error))
                self._ask(trial.set_constraint, "trained", 1.0)
        self._ask(trial.set_user_attr, "cost", cost.document())
        for key, value in violations(self.study, cost, told).items():
            self._ask(trial.set_constraint, key, value)
        return _values(self.study, cost, told)


def feasible(trial: "FrozenTrial") -> bool:
    """Whether the point keeps every constraint."""
    return all(value <= 0 for value in trial.constraints.values())


def claim(study: Study, folder: Path) -> None:
    """Make `folder` the study's, or go on in it. Raises UserError if it is something else's, or another study's."""
    document, marker = study.document(), folder / MARKER
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is no folder: say where the study's results go with --out FOLDER")
    if not marker.exists():
        if folder.is_dir() and any(folder.iterdir()):
            raise UserError(f"{folder} holds other files and no study: say --out FOLDER with a new one")
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(marker, json.dumps({"format": "hwcodesign-explore", "study": document}, indent=1) + "\n")
        return
    marked = _marked(folder)
    if different := _different(marked["study"], document):
        raise UserError(
            f"{folder} holds another study of this name ({different} differ): rename this one, or say --out FOLDER"
        )
    if marked["study"] != document:
        write_whole(marker, json.dumps(marked | {"study": document}, indent=1) + "\n")


def require_same_images(folder: Path, data: Path) -> None:
    """Note which images the study in `folder` trains on. Raises UserError if it has begun with others."""
    marked, now = _marked(folder), listing(data)
    if marked.setdefault("images", now) != now:
        raise UserError(
            f"--data {data}: {folder} holds trainings on other images, which cannot be compared with trainings on "
            "these: give the former ones, or say --out FOLDER with a new one"
        )
    write_whole(folder / MARKER, json.dumps(marked, indent=1) + "\n")


def _marked(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / MARKER).read_text())
        found["study"]["search"]["points"]
    except (OSError, ValueError, TypeError, KeyError):
        raise UserError(f"{folder / MARKER} is damaged: remove {folder}, or say --out FOLDER with a new one") from None
    return found


def _different(there: Any, document: dict[str, Any]) -> str:
    """Which of a study's keys, and whether its base recipe, read otherwise when the search began; "" if none.

    How many points are tried is left out: a search may go on to more of them.
    """
    before, now = ({**d, "search": d.get("search", {}) | {"points": 0}} for d in (there, document))
    keys = [key for key in {**now, **before} if now.get(key) != before.get(key)]
    return ", ".join("its base recipe" if key == "base" else key for key in keys)


def _values(study: Study, cost: Cost, told: float | None) -> list[float]:
    figures = cost.figures | ({} if told is None else {study.metric.objective: told})
    return [float(figures.get(objective, worst(objective))) for objective in study.objectives]


def _planned(study: Study, indices: list[int]) -> list[tuple[Params, Cost]]:
    points = [point_at(study.space, index) for index in indices]
    return [(params, cost_at(study, params)) for params in points]


def _chunks(indices: Iterator[int], size: int) -> Iterator[list[int]]:
    chunk: list[int] = []
    for index in indices:
        chunk.append(index)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _quiet() -> None:
    """Ctrl-C is the first process's to handle."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _sampler(study: Study) -> Any:
    import optuna

    seed = study.search.seed
    makers: dict[str, Callable[[], Any]] = {
        "all": lambda: optuna.samplers.RandomSampler(seed=seed),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True),
        "nsga2": lambda: optuna.samplers.NSGAIISampler(seed=seed, population_size=_population(study)),
        "nsga3": lambda: optuna.samplers.NSGAIIISampler(seed=seed, population_size=_population(study)),
        "gp": lambda: optuna.samplers.GPSampler(seed=seed),
    }
    return makers[study.search.sampler]()


def _population(study: Study) -> int:
    """Ten generations at least, of no more than fifty."""
    return max(4, min(50, study.budget // 10))
