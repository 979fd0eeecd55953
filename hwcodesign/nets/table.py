"""Network families for a terminal."""

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any, cast

from hwcodesign.nets import families, family_named, standards

if TYPE_CHECKING:
    from rich.table import Table


def families_table() -> "Table":
    """One line a family: what its own paper shows, and its metaparameters' names."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title="Network families", title_justify="left")
    for heading in ("family", "default network", "image", "classes", "metaparameters"):
        table.add_column(heading, overflow="fold")
    for name, cls in families().items():
        standard = standards()[name]
        image = "x".join(map(str, standard.image))
        keys = ", ".join(field.name for field in dataclasses.fields(cast(Any, cls)))
        table.add_row(name, standard.title, image, f"{standard.classes:,}", keys)
    return table


def metaparameters_table(name: str) -> "Table":
    """One line a metaparameter with its default; the title is the family's own description.

    Raises UserError if there is no such family.
    """
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    cls = family_named(name)
    table = Table(box=SIMPLE_HEAD, title=escape(inspect.getdoc(cls) or name), title_justify="left")
    table.add_column("network.KEY")
    table.add_column("default", overflow="fold")
    for field in dataclasses.fields(cast(Any, cls)):
        has = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        default = field.default if field.default is not dataclasses.MISSING else None
        if has and default is None and field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        table.add_row(field.name, escape(repr(default)) if has else "must be given")
    return table
