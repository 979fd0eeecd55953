"""`hwcodesign train`: one stage of a run, alone or, under torchrun, with other processes."""

from hwcodesign.cli.options import stage_command

command = stage_command(
    "train",
    "Train the recipe's quantized network (goes on after Ctrl-C). Under torchrun all its processes train it together: "
    "each takes its share of every batch, and the first writes the results.",
    "hwcodesign train digits-squeezenet\n  torchrun --nproc-per-node 4 -m hwcodesign train digits-squeezenet "
    "--batch-size 256",
)
