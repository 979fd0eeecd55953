"""`hwcodesign export`: one stage of a run."""

from hwcodesign.cli.options import stage_command

command = stage_command("export", "Write the trained network as QONNX, with the reference that hardware must equal.")
