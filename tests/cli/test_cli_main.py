"""The front door: help that imports nothing heavy, versions, exit codes, endings."""

import os
import signal
import subprocess
import sys
import time

import pytest

from creevey_graph import __version__
from creevey_graph.cli import COMMANDS, main
from creevey_graph.cli.exits import ExitCode, code_of
from creevey_graph.errors import (
    CacheError,
    FetchError,
    GraphError,
    RunFailed,
    SourceError,
    SourceNotFound,
    StepError,
    UsageError,
)

HEAVY = (
    "networkx",
    "requests",
    "PIL",
    "pandas",
    "numpy",
    "tqdm",
    "diskcache",
    "loky",
    "creevey_graph.facade",
)
SLOW = """
import time
from pathlib import Path
from creevey_graph import graph, step

@step(cache="always")
def wait(number: int) -> int:
    Path("begun").touch()
    time.sleep(0.1)
    return number

@graph
def slow(number: int):
    return {"number": wait(number)}
"""


def run_python(*args, **kwargs):
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, timeout=60, check=False, **kwargs
    )


def test_help_imports_nothing_heavy():
    """The overview of the commands comes without the libraries that the commands need."""
    done = run_python("-X", "importtime", "-m", "creevey_graph", "--help")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert done.returncode == 0
    assert "click" in imported
    assert [name for name in HEAVY if name in imported] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_is_there_and_tells_the_same(cli, name):
    """The help of the table is the command's own, and its --help works."""
    result = cli(name, "--help")
    command = main.get_command(None, name)

    assert result.exit_code == ExitCode.DONE
    assert command.short_help == COMMANDS[name][1]
    assert name == command.name


def test_the_version_is_told(cli):
    """--version names the program and its version."""
    assert f"creevey-graph {__version__}\n" == cli("--version").stdout


def test_python_m_is_the_same():
    """`python -m creevey_graph` is `creevey-graph`."""
    done = run_python("-m", "creevey_graph", "--version")

    assert f"creevey-graph {__version__}\n" == done.stdout


def test_a_mistyped_command_is_guessed(cli):
    """The nearest command and all of them are named."""
    result = cli("stats", "graph.py")

    assert result.exit_code == ExitCode.USAGE
    assert "no command 'stats'; did you mean 'status'?" in result.stderr


def test_a_mistyped_option_is_one_line_and_the_way_to_help(cli):
    """No traceback, no page of usage."""
    result = cli("run", "graph.py", "photos", "--outt", "small")

    assert result.exit_code == ExitCode.USAGE
    assert result.stderr.startswith("error: No such option")
    assert "try: main run --help" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (CacheError("x"), 2),
        (SourceError("x"), 3),
        (SourceNotFound("x"), 3),
        (GraphError("x"), 4),
        (StepError("x"), 4),
        (RunFailed("x"), 1),
        (FetchError("x"), 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error, code):
    """The codes are those of the design."""
    assert code == code_of(error)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_in_order(folder, sent, code):
    """Ctrl-C and SIGTERM leave a summary and a report, and the next run goes on from there."""
    (folder / "slow.py").write_text(SLOW, encoding="utf-8")
    (folder / "rows.csv").write_text("number\n" + "\n".join(map(str, range(200))), encoding="utf-8")
    command = [sys.executable, "-m", "creevey_graph", "run", "slow.py", "rows.csv", "--executor", "threads"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (folder / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(sent)
    _, told = process.communicate(timeout=30)

    assert code == process.returncode
    assert "stopped: interrupted, " in told
    assert "left; run again to go on from there" in told
    assert "Traceback" not in told
    assert len(list((folder / ".creevey" / "runs").glob("*.jsonl"))) == 1


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise there")
def test_a_reader_that_leaves_is_no_error(cli, folder):
    """`creevey-graph ... | head` ends without a word."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as out:
        command = [sys.executable, "-m", "creevey_graph", "draw", "graph.py"]
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, timeout=60, check=False)

    assert (141, b"") == (done.returncode, done.stderr)


def test_no_color_is_honoured(cli, folder, monkeypatch):
    """NO_COLOR wins over a terminal; without it, a terminal gets colours."""
    command = ("report", "nothing.jsonl")

    assert "\x1b[" in cli(*command, color=True).stderr
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in cli(*command, color=True).stderr


def test_a_name_from_outside_is_inert(cli, folder):
    """Escape codes in names do not reach the terminal."""
    result = cli("run", "graph.py", "\x1b[2Jphotos", "--out", "out")

    assert result.exit_code == ExitCode.SOURCE_NOT_FOUND
    assert "\\x1b[2Jphotos" in result.stderr
    assert "\x1b" not in result.stderr
