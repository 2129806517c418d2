"""Commands at a real terminal, which has a width and colours, and in a pipe, which has neither."""

import contextlib
import os
import subprocess
import sys

import pytest

from creevey_graph.paint import unpainted
from creevey_graph.width import width_of

pty = pytest.importorskip("pty")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

STATUS = ("status", "graph.py", "photos", "--out", "out")
RUN = ("run", "graph.py", "photos", "--out", "out")


def at_terminal(folder, *args, columns=80, **environ):
    """Return what a terminal of *columns* gets of a command, as it gets it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(
        theirs, termios.TIOCSWINSZ, b"".join(n.to_bytes(2, sys.byteorder) for n in (40, columns, 0, 0))
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "creevey_graph", *args],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment(**environ),
    )
    os.close(theirs)
    data = b""
    with contextlib.suppress(OSError):  # how Linux tells the end
        while chunk := os.read(ours, 65536):
            data += chunk
    os.close(ours)
    assert process.wait() in (0, 1)
    return data.decode().replace("\r\n", "\n")


def piped(folder, *args, **environ):
    """Return what a pipe gets of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "creevey_graph", *args],
        cwd=folder,
        capture_output=True,
        check=False,
        env=environment(**environ),
    )
    return (done.stdout + done.stderr).decode()


def environment(**more):
    wishes = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "COLUMNS", "TERM")
    kept = {name: value for name, value in os.environ.items() if name not in wishes}
    return {**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **more}


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_a_terminal_gets_colours_and_lines_that_fit(folder, columns):
    """Of a plan and of a run, with the bar while it goes on."""
    torn = folder / "photos" / "torn_with_quite_a_long_name_that_does_not_fit_anywhere_文件.jpg"
    torn.write_bytes(b"no picture")
    status, run = (at_terminal(folder, *args, columns=columns) for args in (STATUS, RUN))

    assert "\x1b[1msmall\x1b[0m: 4 items, 0 up to date" in status.replace("\n    ", " ")
    assert "\x1b[32m█" in status
    assert all(width_of(line) <= columns for line in status.splitlines())
    assert "failed:" in unpainted(run)
    assert "\x1b[31m1 failed\x1b[0m" in run.replace("\n    ", " ")
    lines = [line.rpartition("\x1b[K")[2].rpartition("\r")[2] for line in run.splitlines()]
    for line in lines:
        assert width_of(line) <= columns or len(line.strip().split(" ")) == 1, line


def test_a_pipe_gets_everything_and_no_colour(folder):
    """No escape code, nothing cut."""
    text = piped(folder, *STATUS) + piped(folder, *RUN) + piped(folder, "draw", "graph.py")

    assert "\x1b" not in text
    assert "…" not in text
    assert "its values are" in text


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"CLICOLOR": "0"}, False)],
)
def test_a_terminal_may_want_no_colours(folder, environ, coloured):
    """What is shown is the same otherwise."""
    text = at_terminal(folder, *STATUS, **environ)

    assert coloured == ("\x1b[" in text)
    assert "█ to run" in text


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_a_pipe_may_want_colours(folder, name):
    """As for a pager; nothing is cut even so."""
    text = piped(folder, *RUN, **{name: "1"})

    assert "\x1b[1msmall\x1b[0m" in text
    assert "\x1b[32m3 done" in text


def test_a_terminal_that_takes_ascii_gets_ascii(folder):
    """Bars and lanes in other characters, not as escapes."""
    status = at_terminal(folder, *STATUS, PYTHONIOENCODING="ascii")
    drawn = at_terminal(folder, "draw", "graph.py", PYTHONIOENCODING="ascii")

    assert (status + drawn).isascii()
    assert "########## " in unpainted(status)
    assert "* load_image(photo)" in drawn
    assert "\\u" not in status + drawn
