"""`hwcodesign recipe`: a recipe that ships, or all that one says and leaves to defaults."""

from typing import Any

import click

from hwcodesign.cli.options import recipe_changes, recipe_options


@click.command()
@click.argument("recipe")
@recipe_options
@click.option("--explain", is_flag=True, help="Every key with its value, where that comes from, and its meaning.")
def command(recipe: str, explain: bool, **given: Any) -> None:
    """Print RECIPE, to be read, or changed and run: hwcodesign recipe NAME > mine.toml.

    \b
    Examples:
      hwcodesign recipe digits-squeezenet
      hwcodesign recipe digits-squeezenet --explain
      hwcodesign recipe mine.toml --explain --set network.SR=0.25
    """
    from hwcodesign.core.errors import UserError
    from hwcodesign.core.terminal import console
    from hwcodesign.recipe import find_recipe, load_recipe
    from hwcodesign.start.explained import explained

    changes = recipe_changes(given)
    loaded = load_recipe(recipe, changes)
    if explain:
        console().print(explained(loaded, changes))
    elif changes:
        raise UserError(f"--set {next(iter(changes))}: a recipe is printed as it is; --explain shows it changed")
    else:
        click.echo(find_recipe(recipe).read_text(), nl=False)
