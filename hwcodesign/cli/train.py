"""`hwcodesign train`: one stage of a run."""

from hwcodesign.cli.options import stage_command

command = stage_command("train", "Train the recipe's quantized network (goes on after Ctrl-C).")
