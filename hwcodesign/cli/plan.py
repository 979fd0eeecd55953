"""`hwcodesign plan`: one stage of a run."""

from hwcodesign.cli.options import stage_command

command = stage_command("plan", "Choose foldings, FIFO depths and memories for the board.")
