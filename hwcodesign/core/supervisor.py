"""Runs a program for its owner, and ends it with all that it has started once the owner is gone.

Run by tools.py as `python -I -S supervisor.py DESCRIPTORS PROGRAM ARGUMENT...`, a process of its own, so that it
outlives an owner that is killed. The first of DESCRIPTORS (numbers joined by commas) is the end of a pipe whose other
end the owner holds: it closes when the owner is gone, however it went. The others are held until the program is over.

What the program leaves behind becomes our child (Linux: PR_SET_CHILD_SUBREAPER), whatever session it has put itself
into, and is killed. SIGTERM asks the program to end, and kills it if it takes its time. Its exit code, or the signal
that ended it, becomes ours. This starts before every external program: it imports no more than it must.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress

SECONDS_TO_END = 5.0
_DOES_NOT_START = 127  # as a shell has it
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main(descriptors: list[int], command: list[str]) -> int:
    """Run the program to its end, or to ours; returns its status as os.waitpid gives it."""
    woken = _wake_on_signals()
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    _control(_PR_SET_CHILD_SUBREAPER, 1)
    program = _start(command)
    deadline = None
    while (status := _reap(program)) is None:
        patience = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([descriptors[0], woken], [], [], patience)
        if descriptors[0] in ready or not ready:
            break
        if {signal.SIGTERM, signal.SIGINT} & set(os.read(woken, 4096)) and deadline is None:
            deadline = time.monotonic() + SECONDS_TO_END
            with suppress(ProcessLookupError):
                os.killpg(program, signal.SIGTERM)
    ended = _kill_children(program)
    return ended if status is None else status


def _wake_on_signals() -> int:
    """What select waits on for signals: one that comes just before it is not lost."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return woken


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def die_with_parent() -> None:
    """Let this process be killed when the one that started it is gone (Linux)."""
    _control(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _start(command: list[str]) -> int:
    """Start the program in a group of its own; it dies with us, too, if we are killed."""
    if program := os.fork():
        return program
    try:
        os.setpgid(0, 0)
        die_with_parent()
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores, and programs should not
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(_DOES_NOT_START)


def _reap(program: int) -> int | None:
    """Collect who has ended; the program's status, if it is among them."""
    found = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found = ended[1] if ended[0] == program else found
    return found


def _kill_children(program: int) -> int:
    """Kill until nobody is left: the children of a child that dies become ours. The program's status, if it was."""
    found = 0
    with suppress(ChildProcessError):
        while True:
            for child in _children():
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            process, status = os.waitpid(-1, 0)
            found = status if process == program else found
    return found


def _children() -> list[int]:
    """Our children, by the kernel's list of all processes (the fourth field of stat is a process's parent)."""
    found, us = [], str(os.getpid())
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError), open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
            if file.read().rsplit(")", 1)[1].split()[1] == us:
                found.append(int(entry))
    return found


def _end_likewise(status: int) -> None:
    """End as the program did."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    _end_likewise(main([int(number) for number in sys.argv[1].split(",")], sys.argv[2:]))
