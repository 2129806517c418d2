"""Children of a warm program: started in 20 ms, killed with all that they started, waited for without polling."""

import atexit
import functools
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
from programs import alive_after, environment, start


class Child:
    """A child at work in a folder; State: its number, its exit code once it was waited for."""

    def __init__(self, warm, job, folder, arguments):
        for name in ("printed", "errors"):
            (folder / name).unlink(missing_ok=True)
        self._folder = folder
        self._warm = warm
        self.number = warm.ask([job, str(folder), arguments])
        self._descriptor = os.pidfd_open(self.number)
        self.code = None

    @property
    def is_alive(self):
        """False once it has ended."""
        return not select.select([self._descriptor], [], [], 0)[0]

    def printed(self):
        """Return what it printed, line by line; a line that was cut short is left out."""
        return self._lines("printed")

    def errors(self):
        """Return what it told on standard error."""
        return "\n".join(self._lines("errors"))

    def _lines(self, name):
        text = (self._folder / name).read_text(encoding="utf-8", errors="replace")
        return text.split("\n")[:-1]

    def wait(self, limit_s=60.0):
        """Wait until it ends; return its exit code, negative where a signal ended it."""
        if self.code is None:
            if not select.select([self._descriptor], [], [], limit_s)[0]:
                self.kill_group()
                raise AssertionError(f"still there after {limit_s} s: {self.printed()[-3:]} {self.errors()}")
            os.close(self._descriptor)
            self.code = self._warm.code_of(self.number)
        return self.code

    def wait_for(self, count, word, limit_s=60.0):
        """Wait until it has printed *count* lines that begin with *word*, or has ended."""
        until = time.monotonic() + limit_s
        while sum(line.startswith(word) for line in self.printed()) < count and self.is_alive:
            assert time.monotonic() < until, f"no {count} lines of '{word}' after {limit_s} s"
            time.sleep(0.001)

    def send(self, number):
        """Send it a signal, alone."""
        with suppress(ProcessLookupError):
            os.kill(self.number, number)

    def send_group(self, number):
        """Send a signal to it and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.number, number)

    def kill_group(self):
        """Kill -9 it and all that it started."""
        self._kill(self.send_group)

    def die(self, limit_s=60.0):
        """Wait until its own timer has killed it, or it has ended; then kill what it started."""
        self.wait(limit_s)
        self.send_group(signal.SIGKILL)
        remove_semaphores(self.number)

    @property
    def was_killed(self):
        """True where it did not end by itself."""
        assert self.code in (0, -signal.SIGKILL, -signal.SIGALRM), self.errors()
        return self.code != 0

    def kill_alone(self):
        """Kill -9 it; what it started must be gone within two seconds."""
        self._kill(self.send)

    def _kill(self, send):
        below = self.below()
        send(signal.SIGKILL)
        self.wait()
        assert [] == alive_after(below, 2.0), "workers outlive a killed run"
        remove_semaphores(self.number)

    def below(self):
        """Return the processes that it started, and that these started."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.number).children(recursive=True)
        return []


class Warm:
    """The program that forks. State: it, and the exit codes of children that nobody asked for yet."""

    def __init__(self):
        self._program = start("warm_program.py", stdin=-1, env=environment(OPENBLAS_NUM_THREADS="1"))
        self._codes = {}

    def ask(self, asked):
        """Return what it answers."""
        self._program.stdin.write("\n" if asked is None else json.dumps(asked) + "\n")
        self._program.stdin.flush()
        answer = self._program.stdout.readline()
        assert answer, self._program.communicate()
        return json.loads(answer)

    def code_of(self, number):
        """Return the exit code of a child that ended."""
        until = time.monotonic() + 10
        while number not in self._codes:
            assert time.monotonic() < until, f"process {number} is not reaped"
            self._codes.update(self.ask(None))
        return self._codes.pop(number)

    def close(self):
        """End it."""
        self._program.communicate(timeout=10)


@functools.cache
def warm():
    """Return the program, started when it is first asked for, ended with this process."""
    made = Warm()
    atexit.register(made.close)
    return made


def run(job, folder, **arguments):
    """Start a job of `jobs` in *folder*."""
    return Child(warm(), job, folder, arguments)


def missing():
    """Say why this cannot be done here."""
    if sys.platform != "linux":
        return "forks, process groups and descriptors of processes: Linux only"
    return ""


def remove_semaphores(number):
    """Remove what loky of a killed process left in shared memory, as loky's own tracker would, had it been let live."""
    for path in Path("/dev/shm").glob(f"sem.loky-{number}-*"):
        path.unlink(missing_ok=True)
