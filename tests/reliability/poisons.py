"""
What an item can do to the process that works on it: a table of poisons, and the graph that takes them.

Loky's crash cases, and what a user's step or value may do besides. Each says what its row must tell.
"""

import asyncio
import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path

import attrs
import numpy as np

from creevey_graph import graph, step

MEMORY = 400_000_000
"""What a worker may take in trials; a poison wants more than twice that."""
ITEM_S = 3.0


@attrs.frozen
class Poison:
    """
    One way to harm.

    Args:
        told: What the row's error must begin with, a regular expression.
        work: Done inside the step; None where the item's value does the harm.
        value: The item's value, made of nothing; the number itself where None.
        within: Whether threads of the coordinator survive it.
    """

    told: str
    work: object = None
    value: object = None
    within: bool = False


class _Way:
    """A value that, made again in another process, calls something."""

    def __init__(self, call, *arguments):
        self.call = (call, arguments)

    def __reduce__(self):
        return self.call


def _loop_for_ever():
    while True:
        pass


def _raise(error):
    raise error


def _fail_to_be_made():
    raise ValueError("not twice")


def _raised(make):
    return lambda: _raise(make())


class TwoArguments(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one}-{two}")


class NoText(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class ExitingText(Exception):
    def __str__(self):  # noqa: PLE0307 - it does not return at all
        sys.exit(3)

    __repr__ = __str__


class NotSent(Exception):
    def __reduce__(self):
        raise TypeError("not to be sent")


class ExitingWay(Exception):
    def __reduce__(self):
        return os._exit, (9,)


class Own(BaseException):
    pass


class ExitingName(str):
    __slots__ = ()

    def __str__(self):
        return self

    def __getitem__(self, _):
        return self

    def __reduce__(self):
        return os._exit, (9,)


def _with_lock():
    error = ValueError("holds a lock")
    error.lock = threading.Lock()
    raise error


def _terminate():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # else a worker leaves it to the coordinator
    os.kill(os.getpid(), signal.SIGTERM)


def _crash():
    ctypes.string_at(0)


def _overflow_the_stack():
    sys.setrecursionlimit(10**9)
    again = ctypes.CFUNCTYPE(None)(lambda: again())  # noqa: PLW0108 - it has no value yet
    again()


def _recur():
    _recur()


def _hold_the_lock_of_python():
    ctypes.PyDLL(None).sleep(1000)


def _close_all():
    os.closerange(0, 256)


def _close_standard():
    for descriptor in (0, 1, 2):
        os.close(descriptor)


def _leave_a_thread():
    threading.Thread(target=time.sleep, args=(1000,), daemon=False).start()
    raise ValueError("a thread is left")


def _leave_a_child():
    if not os.fork():
        time.sleep(30)  # holds all that its parent had open
        os._exit(0)
    os._exit(5)


def _keep_memory():
    globals().setdefault("_KEPT", []).append(bytearray(MEMORY * 9 // 10))
    raise MemoryError


DIED = "WorkerDied: its worker process died each time it ran this item, at last with nothing beside it: "
LATE = f"StepTimeout: .*ran longer than item_timeout_s={ITEM_S:g} "
SHORT = "MemoryError.*a worker process may take .* raise worker_memory"
NO_WAY = "UsageError: an item's values did not survive the way to another process"

POISONS = {
    "killed": Poison(f"{DIED}killed by SIGKILL", lambda: os.kill(os.getpid(), signal.SIGKILL)),
    "terminated": Poison(f"{DIED}killed by SIGTERM", _terminate),
    "segfault": Poison(f"{DIED}native code crashed .SIGSEGV", _crash),
    "abort": Poison(f"{DIED}native code crashed .SIGABRT", os.abort),
    "stack": Poison(f"{DIED}native code crashed .SIGSEGV", _overflow_the_stack),
    "exit-0": Poison(f"{DIED}the process was ended with exit code 0", lambda: os._exit(0)),
    "exit-3": Poison(f"{DIED}the process was ended with exit code 3", lambda: os._exit(3)),
    "child": Poison(f"{DIED}the process was ended with exit code 5", _leave_a_child),
    "closed-all": Poison(f"{DIED}the files of the process were closed", _close_all),
    "closed-standard": Poison(f"{DIED}the files of the process were closed", _close_standard),
    "memory": Poison(SHORT, lambda: bytearray(3 * MEMORY)),
    "loop": Poison(LATE, _loop_for_ever),
    "native-wait": Poison(LATE, _hold_the_lock_of_python),
    "stopped": Poison(LATE, lambda: os.kill(os.getpid(), signal.SIGSTOP)),
    "value-loops": Poison(LATE, value=lambda: _Way(_loop_for_ever)),
    "memory-array": Poison(SHORT, lambda: np.ones(MEMORY)),
    "memory-kept": Poison(SHORT, _keep_memory),
    "sys-exit": Poison("StepError: step 'suffer' raised SystemExit: 3", lambda: sys.exit(3), within=True),
    "interrupt": Poison("StepError: step 'suffer' raised KeyboardInterrupt", _raised(KeyboardInterrupt)),
    "generator-exit": Poison("StepError: .*raised GeneratorExit", _raised(GeneratorExit), within=True),
    "cancelled": Poison("StepError: .*raised CancelledError", _raised(asyncio.CancelledError), within=True),
    "own-base": Poison("StepError: .*raised Own: deep", _raised(lambda: Own("deep")), within=True),
    "memory-error": Poison("MemoryError", _raised(MemoryError), within=True),
    "recursion": Poison("RecursionError", _recur, within=True),
    "two-arguments": Poison("TwoArguments: 1-2", _raised(lambda: TwoArguments(1, 2)), within=True),
    "no-text": Poison("NoText: .its text cannot be shown", _raised(NoText), within=True),
    "exiting-text": Poison("ExitingText: .its text cannot be shown", _raised(ExitingText), within=True),
    "not-sent": Poison("NotSent", _raised(NotSent), within=True),
    "exiting-way": Poison("ExitingWay", _raised(ExitingWay), within=True),
    "lock": Poison("ValueError: holds a lock", _with_lock, within=True),
    "thread": Poison("ValueError: a thread is left", _leave_a_thread),
    "value-exits": Poison(f"{DIED}the process was ended with exit code 5", value=lambda: _Way(os._exit, 5)),
    "value-sys-exits": Poison(NO_WAY, value=lambda: _Way(sys.exit, 5)),
    "value-fails": Poison(NO_WAY, value=lambda: _Way(_fail_to_be_made)),
    "value-unsent": Poison(
        "UsageError: an item's values cannot be sent", value=lambda: (number for number in ())
    ),
}


@step(cache="never", version="1")
def suffer(number: int, value: object, *, poisoned: dict = {}, delay_s: float = 0.0, log: str = "") -> int:  # noqa: B006
    """Do what the number is poisoned with, log each call, and return a number."""
    if log:
        with open(log, "ab", buffering=0) as file:  # noqa: PTH123 - appended whole, by several processes
            file.write(f"{os.getpid()} {number}\n".encode())
    if (name := poisoned.get(number)) and (work := POISONS[name].work):
        work()
    if delay_s:
        time.sleep(delay_s)  # stands for work
    return 3 * number + 1


@step(writes="path")
def write_number(number: int, path: Path) -> Path:
    path.write_text(f"{number}", encoding="utf-8")
    return path


@graph
def suffering(number: int, value: object, *, poisoned: dict = {}, delay_s: float = 0.0, log: str = ""):  # noqa: B006
    made = suffer(number, value, poisoned=poisoned, delay_s=delay_s, log=log)
    return {"made": made, "file": write_number(made, "{key}.txt")}


waiting = step(suffer.func, name="suffer", cache="never", version="1", downloads=True)


@graph
def waiting_set(number: int, value: object, *, poisoned: dict = {}, delay_s: float = 0.0, log: str = ""):  # noqa: B006
    made = waiting(number, value, poisoned=poisoned, delay_s=delay_s, log=log)
    return {"made": made, "file": write_number(made, "{key}.txt")}


def rows_of(count, poisoned):
    """Return the items: a number and a value each."""
    values = {number: POISONS[name].value for number, name in poisoned.items()}
    return [{"number": n, "value": make() if (make := values.get(n)) else n} for n in range(count)]
