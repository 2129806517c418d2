"""Signals during a run: whose say counts, what a closed terminal does, and what a second Ctrl-C leaves alone."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from programs import environment, start

from creevey_graph import Report, RunInterrupted, RunTerminated, graph, step
from creevey_graph.events import ItemFinished
from creevey_graph.interrupts import STOPS, Guard
from creevey_graph.screen import Lasting

ROWS = [{"number": number} for number in range(6)]


@step(writes="path")
def write_number(number: int, path: Path, *, sends: int = 0) -> Path:
    if sends and number == 2:
        signal.raise_signal(sends)
    path.write_text(f"{number}")
    return path


@graph
def numbers(number: int, *, sends: int = 0):
    return {"file": write_number(number, "{key}.txt", sends=sends)}


def run(tmp_path, sends=0, **options):
    options = {"executor": "serial", "progress": False, "cache": tmp_path / "cache", **options}
    return numbers.bind(sends=int(sends)).run(ROWS, out=tmp_path / "out", **options)


@pytest.fixture
def handler():
    """Gives a function that installs a handler for this test."""
    before = {number: signal.getsignal(number) for number in STOPS}
    yield signal.signal
    for number, was in before.items():
        signal.signal(number, was)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_that_would_kill_a_script_ends_its_run_in_order(tmp_path, number, code):
    """The library had no say in SIGTERM: the process was gone, its report without an end."""
    with pytest.raises(RunTerminated) as caught:
        run(tmp_path, number)

    assert code == caught.value.code
    assert {"done": 2, "cancelled": 4} == dict(caught.value.report.counts)
    assert Report.load(caught.value.report.path).finished
    assert signal.SIG_DFL == signal.getsignal(number)
    assert 6 == run(tmp_path).counts.total()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_handler_of_the_users_keeps_its_say(tmp_path, handler, number):
    """It is called; the run goes on unless it raises."""
    heard = []
    handler(number, lambda *told: heard.append(told[0]))

    assert run(tmp_path, number).ok
    assert [number] == heard
    assert not isinstance(signal.getsignal(number), Guard)


def test_a_handler_that_leaves_ends_the_run_in_order(tmp_path, handler):
    """`lambda *_: sys.exit(0)` is what many programs have for SIGTERM: the report has its end all the same."""
    handler(signal.SIGTERM, lambda *_: sys.exit(7))

    with pytest.raises(SystemExit) as caught:
        run(tmp_path, signal.SIGTERM)

    assert 7 == caught.value.code
    (path,) = (tmp_path / "cache" / "runs").glob("*.jsonl")
    assert Report.load(path).finished


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_ignored_stays_ignored(tmp_path, handler, number):
    """As nohup has it: a run that is to outlive its terminal does."""
    handler(number, signal.SIG_IGN)

    assert run(tmp_path, number).ok
    assert signal.SIG_IGN == signal.getsignal(number)


def test_a_run_in_another_thread_leaves_signals_alone(tmp_path):
    """Only the main thread may set handlers."""
    found = []

    def listen(_):
        found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run, args=(tmp_path,), kwargs={"listeners": [listen]})
    thread.start()
    thread.join()

    assert {signal.SIG_DFL} == set(found)


def test_ctrl_c_while_a_run_ends_leaves_a_whole_report(tmp_path, monkeypatch):
    """It came as workers were closed or the index was merged: the report had no end, the index no blocks."""
    from creevey_graph import runner

    tell = runner.tell_troubles

    def interrupted(*given):
        signal.raise_signal(signal.SIGINT)
        tell(*given)

    monkeypatch.setattr(runner, "tell_troubles", interrupted)

    with pytest.raises(RunInterrupted) as caught:
        run(tmp_path)

    assert caught.value.report.ok
    assert Report.load(caught.value.report.path).finished


def test_who_presses_ctrl_c_again_while_a_run_ends_does_not_wait(tmp_path, monkeypatch):
    """The second one takes effect at once, wherever the end is."""
    from creevey_graph import runner

    def endless(*_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("not reached")

    monkeypatch.setattr(runner, "tell_troubles", endless)

    with pytest.raises(RunInterrupted):
        run(tmp_path)


def test_sigterm_that_comes_twice_is_one_wish(tmp_path, monkeypatch):
    """From `timeout` and to its group, from the kernel and the shell: the items in hand are kept all the same."""
    from creevey_graph import runner

    wait, sent = runner.wait_in_turns, []

    def waiting(futures, *options):
        if not options:
            sent.append(signal.raise_signal(signal.SIGTERM))
        return wait(futures, *options)

    monkeypatch.setattr(runner, "wait_in_turns", waiting)

    def listen(event):
        if isinstance(event, ItemFinished):
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(RunTerminated) as caught:
        run(tmp_path, listeners=[listen], executor="threads", jobs=2)

    assert sent
    assert 6 == caught.value.report.counts.total()


def test_what_a_second_ctrl_c_gave_up_lands_in_no_later_run(tmp_path, monkeypatch):
    """A thread went on with the item that it had in hand, and put it over what the next run had made."""
    from creevey_graph import runner

    begun, release, wait = threading.Event(), threading.Event(), runner.wait_in_turns

    def pressing(futures, *options):
        if options:
            assert begun.wait(30)
        signal.raise_signal(signal.SIGINT)
        return wait(futures, *options)

    @step(writes="path", cache="never")
    def dawdle(number: int, path: Path) -> Path:
        path.write_text("too late")
        begun.set()
        assert release.wait(30)
        return path

    @graph
    def slow(number: int):
        return {"file": dawdle(number, "{key}.txt")}

    monkeypatch.setattr(runner, "wait_in_turns", pressing)
    with pytest.raises(RunInterrupted):
        slow.run(ROWS[:1], out=tmp_path / "out", cache=False, executor="threads", progress=False)
    workers = [thread for thread in threading.enumerate() if thread.name.startswith("creevey_")]
    monkeypatch.undo()
    assert workers
    assert run(tmp_path).ok
    release.set()
    for thread in workers:
        thread.join(30)

    assert "0" == (tmp_path / "out" / "0.txt").read_text()


HELD = """
import os, time
from pathlib import Path
from creevey_graph import graph, step

@step(cache="always")
def hold(number: int) -> int:
    Path(f"begun-{number}").touch()
    while not Path("release").exists():
        time.sleep(0.01)
    return number

@graph
def held(number: int):
    return {"number": hold(number)}

if __name__ == "__main__":
    held.run([{"number": n} for n in range(8)], executor="processes", jobs=2, progress=False)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_whole_group_costs_no_item_in_hand(tmp_path, number):
    """`timeout`, systemd, a closed terminal: workers died of it with what they had in hand."""
    (tmp_path / "held.py").write_text(HELD, encoding="utf-8")
    program = start(tmp_path / "held.py", cwd=tmp_path, env=environment(OMP_NUM_THREADS="1"))
    while len(list(tmp_path.glob("begun-*"))) < 2:
        assert program.poll() is None, program.communicate()
        time.sleep(0.01)
    os.killpg(program.pid, number)
    (path,) = (tmp_path / ".creevey" / "runs").glob("*.jsonl")
    time.sleep(0.2)  # for what would die of it to be dead; nothing tells that nothing happens
    (tmp_path / "release").touch()
    program.communicate(timeout=30)

    assert 2 == len(list(tmp_path.glob("begun-*")))
    assert {"done": 2, "cancelled": 6} == dict(Report.load(path).counts)


# --- a terminal that is closed -----------------------------------------------------------------

SLOW = """
import time
from creevey_graph import graph, step

@step(cache="always")
def wait(number: int) -> int:
    time.sleep(0.1)
    return number

@graph
def slow(number: int):
    return {"number": wait(number)}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="as terminals are closed there")
@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_closed_terminal_ends_a_run_in_order(tmp_path, executor):
    """The window is closed over a progress bar: the report is whole, the code 129, and no worker stays."""
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("number\n" + "\n".join(map(str, range(300))), encoding="utf-8")
    command = [sys.executable, "-m", "creevey_graph", "run", "slow.py", "rows.csv", "--executor", executor]
    number, terminal = pty.fork()
    if not number:
        os.chdir(tmp_path)
        os.execve(sys.executable, command, environment(TERM="xterm"))
    shown = b""
    while b" done" not in shown:
        shown += os.read(terminal, 4096)
    began = time.monotonic()
    os.close(terminal)
    _, status = os.waitpid(number, 0)

    assert 129 == os.waitstatus_to_exitcode(status)
    assert time.monotonic() - began < 8
    (path,) = (tmp_path / ".creevey" / "runs").glob("*.jsonl")
    report = Report.load(path)
    assert report.finished
    assert report.interrupted
    assert 300 == report.counts.total()


@pytest.mark.skipif(sys.platform != "linux", reason="as terminals are closed there")
def test_a_run_that_ignores_sighup_outlives_its_terminal(tmp_path):
    """With SIGHUP ignored, as `nohup` and `disown` have it, a bar that cannot be drawn breaks nothing."""
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("number\n" + "\n".join(map(str, range(12))), encoding="utf-8")
    number, terminal = pty.fork()
    if not number:
        os.chdir(tmp_path)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        text = "from slow import slow; slow.run('rows.csv', executor='serial', progress=True)"
        os.execve(sys.executable, [sys.executable, "-c", text], environment(TERM="xterm"))
    shown = b""
    while b" done" not in shown:
        shown += os.read(terminal, 4096)
    os.close(terminal)
    _, status = os.waitpid(number, 0)

    assert 0 == os.waitstatus_to_exitcode(status)
    (path,) = (tmp_path / ".creevey" / "runs").glob("*.jsonl")
    assert {"done": 12} == dict(Report.load(path).counts)


class Gone:
    """A stream whose terminal was closed, or whose disk is full."""

    encoding = "utf-8"

    def __init__(self, number):
        self.number = number
        self.tried = 0

    def write(self, _):
        self.tried += 1
        raise OSError(self.number, "gone")

    def flush(self):
        self.write("")


def test_a_stream_whose_terminal_is_gone_is_left_alone():
    """It is tried once; another trouble of a stream is told as ever."""
    import errno

    gone = Gone(errno.EIO)
    lasting = Lasting(gone)
    lasting.write("a")
    lasting.write("b")
    lasting.flush()

    assert 1 == gone.tried
    assert "utf-8" == lasting.encoding
    with pytest.raises(OSError, match="gone"):
        Lasting(Gone(errno.ENOSPC)).write("a")


# --- a script of the user's --------------------------------------------------------------------

SCRIPT = """
import sys
from slow import slow

try:
    slow.run([{"number": n} for n in range(300)], executor=sys.argv[1], jobs=2, progress=False, listeners=[
        lambda event: print(type(event).__name__, flush=True)])
finally:
    print("left in order", flush=True)
"""


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_script_ends_with_143_without_a_traceback(tmp_path, executor):
    """Nobody catches it: what the script has in `finally` is done, and the shell is told of the signal."""
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    program = subprocess.Popen(
        [sys.executable, "script.py", executor],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while program.stdout.readline() != "ItemFinished\n":
        assert program.poll() is None
    os.killpg(program.pid, signal.SIGTERM)
    printed, errors = program.communicate(timeout=30)

    assert (143, "") == (program.returncode, errors)
    assert printed.endswith("left in order\n")
    (path,) = (tmp_path / ".creevey" / "runs").glob("*.jsonl")
    ends = [json.loads(line) for line in path.read_text().splitlines()]
    assert ends[-1]["end"]["interrupted"]


def test_a_run_in_the_background_heeds_sigterm_in_the_midst_of_a_step(tmp_path, handler):
    """A shell starts it with Ctrl-C ignored: SIGTERM was then taken for what the step raised, and the run went on."""
    handler(signal.SIGINT, signal.SIG_IGN)

    with pytest.raises(RunTerminated) as caught:
        run(tmp_path, signal.SIGTERM)

    assert {"done": 2, "cancelled": 4} == dict(caught.value.report.counts)
