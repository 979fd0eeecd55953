"""What a page can tell of a run: the documents in its folder, read once."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.classified import score_names
from hwcodesign.core.document import reading
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.core.score_map import INTEGERS
from hwcodesign.core.tasks import Scored
from hwcodesign.export.picture_task import as_seen
from hwcodesign.flow.report import ReportDocument
from hwcodesign.plan.plan import PlanDocument

Document = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """`report` is report.json; `check`, `plan` and `pictures` are {} or empty where the run has none.

    `frames` (images, H, W, C), `labels` and `scores` are the held-out images of a recipe (red first), None of a
    foreign model. `scored` are the same as the network takes them, with real scores, where it is known what it is for.
    """

    name: str
    report: Document
    check: Document
    plan: Document
    pictures: tuple[Path, ...]
    frames: np.ndarray | None
    labels: np.ndarray | None
    scores: np.ndarray | None
    scored: Scored | None = None

    @property
    def classes(self) -> list[str]:
        """The names of all scores."""
        names = self.report.get("reference", {}).get("classes") or []
        return score_names(names, 0 if self.scores is None else self.scores.shape[1])


def facts_of(run: RunFolder) -> Facts:
    """Read them. Raises UserError if a file is damaged or of another version: which, and what makes it anew."""
    report, plan = run.path / "report.json", run.stage("plan") / "plan.json"
    reported = ReportDocument.read(report).model_dump(exclude_unset=True) if report.exists() else {}
    planned = PlanDocument.read(plan).model_dump() if run.finished("plan") else {}
    check = _json(run.stage("check") / "check.json") if run.finished("check") else None
    pictures = tuple(sorted((run.path / "pictures").glob("*.png"))) if run.finished("pictures") else ()
    frames = labels = scores = scored = None
    held_out = run.stage("export") / "reference.npz"
    if run.finished("export") and held_out.exists():
        with reading(held_out), np.load(held_out, allow_pickle=False) as arrays:
            frames, scores = as_seen(run, arrays["images"]), arrays["scores"]
            labels = arrays.get("labels", None)
            if "task" in arrays:
                pictures_task = PictureTask.from_text(str(arrays["task"]))
                scored = Scored(arrays["images"], scores, INTEGERS, pictures_task, labels)
    return Facts(run.path.name, reported, check or {}, planned, pictures, frames, labels, scores, scored)


def _json(path: Path) -> Document | None:
    if not path.exists():
        return None
    with reading(path):
        found = json.loads(path.read_text())
        return found if isinstance(found, dict) else None
