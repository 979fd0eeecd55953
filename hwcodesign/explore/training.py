"""What a rung makes of a point: a training in a folder of its own, resumable, whose validation figure is kept."""

import hashlib
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from hwcodesign.core.run_folder import write_whole
from hwcodesign.core.strict_toml import validated
from hwcodesign.explore.study import Rung
from hwcodesign.recipe import Recipe
from hwcodesign.training.best import key_of

RESULT = "accuracy.json"  # or what else the recipe's task goes by


def trained_figure(recipe: Recipe, rung: Rung, folder: Path, data: Path | None) -> float:
    """What validation tells (accuracy: 0 to 1) of `recipe` trained as `rung` says, once only, in silence.

    It is kept in `folder`/points/... The validation images are a tenth of the training images: the test images choose
    nothing. A training that was interrupted goes on. Raises UserError as `train` does.
    """
    changed, key = with_rung(recipe, rung), key_of(recipe.task.validation)
    place = folder / "points" / digest(changed)
    if (place / RESULT).exists():
        return float(json.loads((place / RESULT).read_text())[key])
    from hwcodesign.training.loop import train

    place.mkdir(parents=True, exist_ok=True)
    with redirect_stdout(io.StringIO()):  # the search shows how far it is, in a terminal that has room for one bar
        trained = train(changed, data, place)
    result = {key: trained.validation, "epoch": trained.epoch}
    write_whole(place / RESULT, json.dumps(result) + "\n")
    return trained.validation


def with_rung(recipe: Recipe, rung: Rung) -> Recipe:
    """The recipe with the rung's training schedule. Raises UserError for keys that a training has not."""
    values: dict[str, Any] = recipe.model_dump()
    return validated(Recipe, {**values, "train": {**values["train"], **rung.train}}, f"rung {rung.name}")


def digest(recipe: Recipe) -> str:
    """Names what is trained: network, bits, data and schedule; not the board, which training does not know."""
    tables = recipe.model_dump(mode="json", include={"network", "quantization", "data", "train"})
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:16]
