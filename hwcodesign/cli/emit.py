"""`hwcodesign emit`: one stage of a run."""

from hwcodesign.cli.options import stage_command

command = stage_command("emit", "Write the SystemVerilog and the memory images of the planned design.")
