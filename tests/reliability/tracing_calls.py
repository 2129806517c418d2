"""
Runs a function in a child process and meets its system calls on files: each may be let go on, failed, cut short,
or be the one before which the process dies.

A seccomp filter in the child stops it at the calls of `KINDS` alone (a run of two items: 0.05 s instead of the 0.03
that it takes untraced; stops at every call took 0.2), and ptrace lets this process look at the call and decide.
So SQLite's own calls are met too, which no patch of Python's functions would see, and the process dies at a true
boundary. Follows threads and child processes. Needs no package.

The parent must have one thread, since it forks: `boundaries.py` runs as a program of its own for that. What is met
is counted only where its path lies below one folder, so that Python's own reading of modules is let be.
"""

import ctypes
import errno
import functools
import json
import os
import platform
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from programs import environment
from system_calls import FAULTS, KINDS, WRITES, Call, stops_at

DIE, SHORT, LEAVE = "die", "short", "leave"
"""
Verdicts beside None (go on) and the name of an error: die before it; write half of it and no more; go on, and
let all that come be.
"""


@attrs.frozen
class Ending:
    """
    How the child ended.

    Args:
        value: What its function returned, None where it died.
        printed: What it told by `tell`, in order.
        died: Whether it was killed here.
        trace: Traceback, where its function raised.
        errors: What it wrote to standard error.
    """

    value: Any
    printed: tuple[Any, ...] = ()
    died: bool = False
    trace: str = ""
    errors: str = ""


class Hung(AssertionError):
    """The child did not end in time."""


# --- the child -----------------------------------------------------------------------------------

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_LIBC.ptrace.restype = ctypes.c_long
_TRACEME, _CONT, _GETREGS, _SETREGS, _SETOPTIONS = 0, 7, 12, 13, 0x4200
_FOLLOW = (
    0x2 | 0x4 | 0x8 | 0x80 | 0x100000
)  # forks, vforks, threads, seccomp's stops; all die with the tracer
_EVENT_SECCOMP = 7
_WALL = 0x40000000
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER = 22, 38, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


class _Registers(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_ulonglong)
        for name in (
            *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi"),
            *("rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs"),
            "gs",
        )
    )


_ARGUMENTS = ("rdi", "rsi", "rdx", "r10")


def _check(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _be_traced(kinds: frozenset[str]) -> None:
    _check(_LIBC.ptrace(_TRACEME, 0, None, None))
    os.kill(os.getpid(), signal.SIGSTOP)
    code = stops_at(kinds)
    program = _Program(len(code) // 8, code)
    _check(_LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(_LIBC.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0))


def _child(
    work: Callable[[Callable[[Any], None]], Any], kinds: frozenset[str], told: int, errors: int
) -> None:
    """Be the child: never returns."""
    code = 70
    try:
        os.dup2(errors, 2)
        _be_traced(kinds)

        def tell(value: Any) -> None:
            os.write(told, json.dumps(["told", value]).encode() + b"\n")

        value = work(tell)
        os.write(told, json.dumps(["value", value]).encode() + b"\n")
        code = 0
    except BaseException:  # noqa: BLE001 - told to the parent
        os.write(told, json.dumps(["trace", traceback.format_exc()]).encode() + b"\n")
    finally:
        os._exit(code)


# --- the parent ----------------------------------------------------------------------------------


@functools.cache
def missing() -> str:
    """Return why calls cannot be met on this machine, "" where they can."""
    # By a process of its own: who traces waits for all of its children, and tests have others.
    done = subprocess.run(
        [sys.executable, __file__],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment(),
    )
    return done.stdout.strip() if not done.returncode else f"no call can be met here ({done.stderr[-300:]})"


def _missing_here() -> str:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "system calls are met on Linux x86_64 only"
    met = []
    try:
        trace(
            lambda _: Path("/proc/creevey").mkdir(), Path("/proc"), lambda call: met.append(call) or "EDQUOT"
        )
    except OSError as exc:
        return f"ptrace or seccomp is not allowed here ({exc.strerror})"
    return "" if met else "ptrace or seccomp is not allowed here"


def trace(
    work: Callable[[Callable[[Any], None]], Any],
    below: Path,
    meet: Callable[[Call], str | None],
    *,
    kinds: frozenset[str] = frozenset(FAULTS),
    limit_s: float = 60.0,
) -> Ending:
    """
    Run *work* in a forked child and meet its calls; return how it ended.

    Args:
        work: Is handed `tell`; returns plain data.
        below: The folder whose files count.
        meet: Call -> verdict; see `DIE`.
        kinds: Kinds of calls that are met.
        limit_s: Longer is a hang.

    Raises:
        OSError: This process may not trace.
        Hung: It took longer; it is dead.
    """
    told, errors = os.memfd_create("told"), os.memfd_create("errors")
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _child(work, kinds, told, errors)
    try:
        died = _Meeting(pid, str(below), meet).run(limit_s)
        return _ending(_all_of(told), _all_of(errors), died=died)
    finally:
        os.close(told)
        os.close(errors)


def _all_of(descriptor: int) -> str:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")


def _ending(told: str, errors: str, *, died: bool) -> Ending:
    lines = [json.loads(line) for line in told.splitlines()]
    found = dict(line for line in lines if line[0] != "told")
    printed = tuple(value for kind, value in lines if kind == "told")
    return Ending(found.get("value"), printed, died=died, trace=found.get("trace", ""), errors=errors)


class _Meeting:
    """
    The parent's side.

    State: died = whether it was killed on a verdict; left = whether calls are let be from now on; registers = of
    the one that stands still.
    """

    def __init__(self, pid: int, below: str, meet: Callable[[Call], str | None]) -> None:
        self._first = pid
        self._below = below + "/"
        self._meet = meet
        self._died = self._left = False
        self._registers = _Registers()
        self._by_number = {number: (name, *rest) for name, (number, *rest) in KINDS.items()}

    def run(self, limit_s: float) -> bool:
        """Go on until the last tracee has ended; return whether they were killed."""
        before = signal.signal(signal.SIGALRM, self._hung)
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        try:
            os.waitpid(self._first, 0)  # its SIGSTOP
            _check(_LIBC.ptrace(_SETOPTIONS, self._first, None, _FOLLOW))
            self._go_on(self._first, 0)
            self._loop()
        except BaseException:
            self._kill()
            self._loop()
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return self._died

    def _hung(self, *_: object) -> None:
        raise Hung("the traced program does not end")

    def _loop(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, _WALL)
            except ChildProcessError:
                return
            if os.WIFSTOPPED(status):
                self._at_stop(pid, status)

    def _at_stop(self, pid: int, status: int) -> None:
        event, sent = status >> 16, os.WSTOPSIG(status)
        if event == _EVENT_SECCOMP and not (self._died or self._left):
            self._at_call(pid)
        is_ours = sent in (signal.SIGTRAP, signal.SIGSTOP)  # a new tracee begins with the second
        self._go_on(pid, 0 if event or is_ours else sent)

    def _go_on(self, pid: int, sent: int) -> None:
        _LIBC.ptrace(_CONT, pid, None, sent)  # that it is gone meanwhile is fine

    def _kill(self) -> None:
        self._died = True
        for pid in (self._first, *self._children()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _children(self) -> list[int]:
        text = Path(f"/proc/{self._first}/task/{self._first}/children")
        try:
            return [int(part) for part in text.read_text().split()]
        except OSError:
            return []

    # --- one call ------------------------------------------------------------------------------

    def _at_call(self, pid: int) -> None:
        registers = self._registers
        if _LIBC.ptrace(_GETREGS, pid, None, ctypes.addressof(registers)) < 0:
            return
        call = self._call(pid, registers)
        verdict = None if call is None else self._meet(call)
        if verdict == DIE:
            self._kill()
        elif verdict == LEAVE:
            self._left = True
        elif verdict == SHORT:
            registers.rdx = max(1, registers.rdx // 2)
            _LIBC.ptrace(_SETREGS, pid, None, ctypes.addressof(registers))
        elif verdict is not None:
            registers.orig_rax = 2**64 - 1  # no call: what stands in rax is its result
            registers.rax = 2**64 - getattr(errno, verdict)
            _LIBC.ptrace(_SETREGS, pid, None, ctypes.addressof(registers))

    def _call(self, pid: int, registers: _Registers) -> Call | None:
        name, kind, descriptor_at, path_at = self._by_number[registers.orig_rax]
        arguments = [getattr(registers, register) for register in _ARGUMENTS]
        path = self._path(pid, descriptor_at, path_at, arguments)
        if not path.startswith(self._below):
            return None
        if kind == "open" and arguments[2 if name == "openat" else 1] & WRITES:
            kind = "create"
        size = arguments[2] if name in ("write", "pwrite64") else 0
        return Call(name, kind, path[len(self._below) :], size)

    def _path(self, pid: int, descriptor_at: int | None, path_at: int | None, arguments: list[int]) -> str:
        path = ""
        if path_at is not None:
            path = _text_at(pid, arguments[path_at])
            if path.startswith("/"):
                return os.path.normpath(path)
        number = -100 if descriptor_at is None else ctypes.c_int(arguments[descriptor_at]).value
        link = f"/proc/{pid}/cwd" if number < 0 else f"/proc/{pid}/fd/{number}"
        try:
            place = os.readlink(link).removesuffix(" (deleted)")  # noqa: PTH115 - per call
        except OSError:
            return ""
        return os.path.normpath(f"{place}/{path}") if path else place


def _text_at(pid: int, address: int) -> str:
    """Return the text that ends with a NUL at an address of a process that stands still."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123
        memory.seek(address)
        data = b""
        while b"\0" not in data:
            left = 4096 - (address + len(data)) % 4096  # a page more may not be there
            more = memory.read(left)
            if not more:
                break
            data += more
    return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    print(_missing_here())
