"""
A warm parent of many short programs: it has the library imported, one thread, and forks a child for each call.

Starting Python with the library takes 0.5 s, a fork 5 ms. A child is a process of its own, in a session of its
own, that may stop itself, change its user or its limits, and be killed. It tells words through a pipe; its
last one is the function's result, or what it raised.

As a program: `nursery.py DESCRIPTOR` serves calls that come through that socket, until it is closed.
"""

import atexit
import contextlib
import functools
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from programs import HERE, environment

RESULT, RAISED = "result", "raised"
_MOST_BYTES = 1 << 16


class Child:
    """A call that runs in a process of its own. State: pid; words = what it has told so far."""

    def __init__(self, pid, pipe):
        self.pid = pid
        self.words = []
        self._pipe = pipe
        self._rest = b""

    def wait_for(self, word, limit_s=60.0):
        """Wait until the child has told *word*; return what came with it."""
        until = time.monotonic() + limit_s
        while not (found := [told for told in self.words if told[0] == word]):
            raised = [told[1] for told in self.words if told[0] == RAISED]
            assert not raised, raised[0]
            assert self._hear(until), (
                f"child {self.pid} told no {word!r} within {limit_s} s (told {self.words})"
            )
        return found[0][1]

    def result(self, limit_s=60.0):
        """Wait until the child has ended; return what its function returned."""
        try:
            return self.wait_for(RESULT, limit_s)
        finally:
            self.end()

    def _hear(self, until):
        """Take in what the child tells next; False where nothing comes any more."""
        if not select.select([self._pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            return False
        data = os.read(self._pipe, _MOST_BYTES)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.words += map(json.loads, lines)
        return bool(data)

    def wait_until_stopped(self, limit_s=60.0):
        """Wait until the child has stopped itself (SIGSTOP)."""
        until = time.monotonic() + limit_s
        while state_of(self.pid) != "T":
            self._hear(time.monotonic())
            raised = [told[1] for told in self.words if told[0] == RAISED]
            assert not raised, raised[0]
            assert time.monotonic() < until, f"child {self.pid} did not stop (told {self.words})"
            time.sleep(0.002)

    def go_on(self):
        """Let a stopped child go on."""
        os.killpg(self.pid, signal.SIGCONT)

    def end(self):
        """Kill what is left of the child."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


def state_of(pid):
    """Return the letter of a process's state, "" where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@functools.cache
def _nursery():
    """Start the warm parent; return our end of its socket."""
    ours, its = socket.socketpair()
    program = subprocess.Popen(
        [sys.executable, str(HERE / "nursery.py"), str(its.fileno())],
        pass_fds=[its.fileno()],
        env=environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"),
        start_new_session=True,
    )
    its.close()

    def end():
        ours.close()
        program.wait(30)

    atexit.register(end)
    return ours


def call(function, *arguments, **options):
    """
    Call a function of a module of this folder in a child; its first argument is `tell(word, value)`.

    Arguments are JSON-able. Returns the `Child`.
    """
    theirs, ours = os.pipe()
    text = json.dumps([function.__module__, function.__name__, arguments, options], default=str)
    try:
        socket.send_fds(_nursery(), [text.encode() + b"\n"], [ours])
    finally:
        os.close(ours)
    return Child(int(_nursery().recv(32)), theirs)


def _serve(channel):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps them
    while True:
        text, descriptors, _, _ = socket.recv_fds(channel, 1 << 20, 1)
        if not text:
            return
        module, name, arguments, options = json.loads(text)
        function = getattr(importlib.import_module(module), name)
        assert len(list(Path("/proc/self/task").iterdir())) == 1, "a nursery must have one thread"
        pid = os.fork()
        if not pid:
            channel.close()
            _live(descriptors[0], function, arguments, options)
        os.close(descriptors[0])
        channel.sendall(str(pid).encode())


def _live(pipe, function, arguments, options):
    """Be a child."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def tell(word, value=None):
        os.write(pipe, json.dumps([word, value], default=str).encode() + b"\n")

    try:
        tell(RESULT, function(tell, *arguments, **options))
    except BaseException:  # noqa: BLE001 - whatever it is, the parent is to know
        tell(RAISED, traceback.format_exc())
    finally:
        os._exit(0)


def _warm_up():
    """Load all that a run and the command line load: a child of another user may not read where that stands."""
    import reference

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        reference.draw_photos(place, 2)
        for _ in range(2):
            reference.run_reference(place)
        (place / "photos" / "00000.png").write_bytes(b"no picture")
        reference.run_reference(place)
        for command in ("run", "export", "status", "cache"):
            importlib.import_module(f"creevey_graph.cli.{command}")


if __name__ == "__main__":
    _warm_up()
    _serve(socket.socket(fileno=int(sys.argv[1])))
