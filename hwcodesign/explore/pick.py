"""One point of a study as a recipe that runs."""

from pathlib import Path

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import write_whole
from hwcodesign.explore.results import Point, Results
from hwcodesign.explore.space import merged
from hwcodesign.explore.study import Study
from hwcodesign.recipe import require_room


def best_point(study: Study, results: Results) -> Point:
    """Of the front, the best of the study's first objective. Raises UserError while there is no front."""
    ordered = results.best_first(study.objectives[0])
    if not ordered:
        raise UserError(f"{study.name} has no front yet: hwcodesign explore show says what was left out, and why")
    return ordered[0]


def point_numbered(results: Results, number: int) -> Point:
    """The point. Raises UserError if there is none of that number, with the front's."""
    for point in results.points:
        if point.number == number:
            return point
    some = ", ".join(str(point.number) for point in results.front[:10])
    raise UserError(f"there is no point {number}: the front has {some or 'no points yet'}")


def write_recipe(study: Study, point: Point, path: Path) -> None:
    """Write the recipe of `point`, with where it comes from and what was found of it. UserError for no such `path`."""
    import tomlkit

    require_room(path)
    tables = {key: value for key, value in merged(study.tables, study.space, point.params).items() if key != "name"}
    document = tomlkit.document()
    document.add(tomlkit.comment(f"Point {point.number} of the study {study.name}, made from {study.recipe}."))
    found = ", ".join(f"{name} {value:.6g}" for name, value in sorted(point.figures.items()))
    document.add(tomlkit.comment(f"Found there{f' (rung {point.rung})' if point.rung else ''}: {found}."))
    document.update(tables)
    study.recipe_at(point.params)  # a recipe that does not load is not written
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, tomlkit.dumps(document))
