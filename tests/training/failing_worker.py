"""Two workers, of which the second fails while the first waits for it: by an error of its own, or killed."""

import os
import signal
import sys

import torch

from hwcodesign.core.errors import UserError
from hwcodesign.training import workers

if __name__ == "__main__":
    try:
        with workers.joined(torch.device("cpu")):
            workers.total(torch.ones(1))
            if workers.index() == 1 and sys.argv[1] == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if workers.index() == 1:
                raise UserError("the data folder is gone")
            workers.total(torch.ones(1))
    except UserError as error:
        sys.exit(f"RANK {os.environ['RANK']}: {error}")
