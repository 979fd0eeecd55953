"""Checkpoint files: written whole or not at all, read back with every fault named."""

import io
import json
from pathlib import Path
from typing import Any

import torch

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import write_whole
from hwcodesign.recipe import Recipe

_TABLES = ("network", "quantization", "data", "train")  # what a training depends on: not the hardware


def write_checkpoint(path: Path, recipe: Recipe, state: dict[str, Any]) -> None:
    """Write `state` as one of `recipe`. Raises UserError if the folder cannot be written."""
    buffer = io.BytesIO()
    torch.save({"recipe": recipe_tables(recipe), **state}, buffer)
    replace_file(path, buffer.getvalue())


def replace_file(path: Path, content: bytes) -> None:
    """`core.run_folder.write_whole`. Raises UserError if that cannot be done."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; training continues from there once it can") from None


def load_checkpoint(recipe: Recipe, path: Path, where: torch.device) -> dict[str, Any]:
    """What `write_checkpoint` wrote. Raises UserError if it is missing, damaged, or of another recipe: which keys."""
    state = read_checkpoint(path, where)
    saved, wanted = recipe_tables(recipe_of(path, state)), recipe_tables(recipe)
    changed = [
        f"{table}.{key} = {wanted[table].get(key)} (there: {saved[table].get(key)})"
        for table in _TABLES
        for key in sorted(wanted[table].keys() | saved[table].keys())
        if wanted[table].get(key) != saved[table].get(key)
    ]
    if changed:
        raise UserError(f"{path} was trained from another recipe: {', '.join(changed)}; "
                        f"take that recipe, or train into another folder")  # fmt: skip
    return state


def fill(module: Any, state: Any, path: Path) -> None:
    """Load what `path` held into a model or an optimizer. Raises UserError if it has other parts."""
    try:
        module.load_state_dict(state)
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        cause = str(error).splitlines()[0]
        raise UserError(f"{path} is of another version of hwcodesign, or not whole ({cause}); train anew") from None


def read_checkpoint(path: Path, where: torch.device) -> dict[str, Any]:
    """A checkpoint of any recipe. Raises UserError if it is missing or damaged."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=where, weights_only=True)
        if not {"recipe", "model"} <= state.keys():
            raise ValueError("it has no recipe or no model")
    except FileNotFoundError:
        raise UserError(f"there is no checkpoint {path}: train first") from None
    except Exception as error:  # torch.load raises whatever the damaged bytes lead to
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} is not a checkpoint of ours, or damaged: {cause}") from None
    return state


def recipe_of(path: Path, state: dict[str, Any]) -> Recipe:
    """The recipe that `state` was trained from, on no board. Raises UserError if it is of a version with other keys."""
    try:
        return Recipe.trained(state["recipe"])
    except ValueError:
        raise UserError(
            f"{path} is of another version of hwcodesign, whose recipes had other keys; train anew"
        ) from None


def recipe_tables(recipe: Recipe) -> dict[str, Any]:
    """Everything of a recipe that a training depends on, as JSON values."""
    values = json.loads(recipe.model_dump_json())
    return {table: values[table] for table in _TABLES}
