"""`hwcodesign simulate`: one stage of a run."""

from hwcodesign.cli.options import stage_command

command = stage_command("simulate", "Run every held-out image through the emitted hardware and compare each score.")
