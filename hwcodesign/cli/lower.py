"""`hwcodesign lower`: one stage of a run."""

from hwcodesign.cli.options import stage_command

command = stage_command("lower", "Turn the QONNX file into a graph of integer hardware layers, with FINN.")
