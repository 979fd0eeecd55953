"""`hwcodesign networks`: the network families there are, and their metaparameters."""

import click


@click.command()
@click.argument("family", required=False)
def command(family: str | None) -> None:
    """List all network families, or the metaparameters of one: the keys of a recipe's [network] table.

    \b
    Examples:
      hwcodesign networks
      hwcodesign networks squeezenet
    """
    from hwcodesign.core.terminal import console
    from hwcodesign.nets.table import families_table, metaparameters_table

    console().print(metaparameters_table(family) if family else families_table())
