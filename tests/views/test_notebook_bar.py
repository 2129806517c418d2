"""Progress in a notebook: one output that is drawn over itself, without widgets or warnings."""

import builtins
import io
import sys
from types import SimpleNamespace

import pytest

from creevey_graph import Row, graph, step
from creevey_graph.events import ItemFinished, ItemsCached, Noticed, Outcome, RunFinished, RunStarted
from creevey_graph.views.live_bar import LiveBar
from creevey_graph.views.notebook_bar import NotebookBar
from creevey_graph.views.progress import Lines, is_notebook, open_progress

ZMQInteractiveShell = type("ZMQInteractiveShell", (), {})
Colab = type("Shell", (ZMQInteractiveShell,), {})
Terminal = type("TerminalInteractiveShell", (), {})


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def screen(monkeypatch):
    """Stand in for IPython's outputs: what is drawn, in order."""
    drawn = []

    def update(data, *, raw):
        assert raw
        drawn.append(data)

    def display(data, *, raw, display_id):
        assert display_id
        update(data, raw=raw)
        return SimpleNamespace(update=update)

    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return drawn


def begin(total=4, name="thumbs", left_out=0):
    return RunStarted(name, total, (), "serial", "1", left_out)


def ended(index, outcome=Outcome.DONE):
    return ItemFinished(index, Row(str(index), "", outcome))


def test_one_output_shows_how_far_a_run_is(screen):
    """Drawn at the eye's pace; what is left at the end is how it ended, without a bar."""
    clock = Clock()
    bar = NotebookBar(clock)

    bar(begin())
    clock.now = 0.1
    bar(ended(0))
    clock.now = 1.0
    bar(ended(1, Outcome.FAILED))
    clock.now = 2.0
    bar(ItemsCached([2, 3], b"", cached=2))
    bar(RunFinished(2.0))
    bar.close()

    assert [
        "thumbs: 0 of 4 items",
        "thumbs: 2 of 4 items, 1 done, 1 failed, about 1.0 s left",
        "thumbs: 4 of 4 items, 1 done, 2 cached, 1 failed, about 0 ms left",
        "thumbs: 4 items in 2.0 s, 1 done, 2 cached, 1 failed",
    ] == [data["text/plain"] for data in screen]
    assert '<div><progress value="2" max="4"></progress> thumbs: 2 of 4 items' in screen[1]["text/html"]
    assert "<div>thumbs: 4 items in 2.0 s, 1 done, 2 cached, 1 failed</div>" == screen[-1]["text/html"]


def test_items_that_were_not_come_to_do_not_count(screen):
    """Those left out, and those that were cancelled."""
    bar = NotebookBar(Clock())

    bar(begin(total=5, left_out=2))
    bar(ended(0))
    bar(ended(1, Outcome.CANCELLED))
    bar._draw()

    assert screen[-1]["text/plain"].startswith("thumbs: 1 of 3 items, 1 done, 1 cancelled")


def test_a_run_that_never_began_shows_nothing(screen):
    """An error while items are listed is all there is to see."""
    NotebookBar(Clock()).close()

    assert [] == screen


def test_names_and_notices_stay_text(screen, capsys):
    """Markup, escape codes and line breaks in them are shown as such."""
    bar = NotebookBar(Clock())

    bar(begin(name="<script>\x1b[31m"))
    bar(Noticed("two\nlines\x1b[0m"))

    assert "<script>\\x1b[31m: 0 of 4 items" == screen[0]["text/plain"]
    assert "&lt;script&gt;\\x1b[31m" in screen[0]["text/html"]
    assert ("note: two\\x0alines\\x1b[0m\n", "") == capsys.readouterr()


@pytest.mark.parametrize(
    ("shell", "expected"), [(ZMQInteractiveShell, True), (Colab, True), (Terminal, False), (None, False)]
)
def test_notebooks_are_told_from_terminals(monkeypatch, shell, expected):
    """By IPython's shell, also where a host has derived its own of it."""
    if shell is not None:
        monkeypatch.setattr(builtins, "get_ipython", shell, raising=False)

    assert expected is is_notebook()


@pytest.mark.parametrize("progress", ["auto", True, "bar"])
def test_a_notebook_gets_its_own_bar(monkeypatch, progress):
    """Unless lines are asked for, or nothing."""
    monkeypatch.setattr(builtins, "get_ipython", ZMQInteractiveShell, raising=False)

    assert isinstance(open_progress(progress, io.StringIO()), NotebookBar)
    assert isinstance(open_progress("lines", io.StringIO()), Lines)
    assert open_progress(False, io.StringIO()) is None


def test_elsewhere_a_bar_is_a_bar():
    """And the choice is made by the stream."""
    assert isinstance(open_progress("bar", io.StringIO()), LiveBar)
    assert isinstance(open_progress("auto", io.StringIO()), Lines)


def test_a_run_in_a_notebook_draws_it(monkeypatch, screen, tmp_path, capsys):
    """From the first item to the last, and nothing goes to stderr."""
    monkeypatch.setattr(builtins, "get_ipython", ZMQInteractiveShell, raising=False)

    @step
    def double(number: int) -> int:
        return 2 * number

    @graph
    def doubling(number: int):
        return {"double": double(number)}

    doubling.run([{"number": 1}, {"number": 2}], cache=tmp_path / "cache", executor="serial")

    assert screen[-1]["text/plain"].startswith("doubling: 2 items in ")
    assert screen[-1]["text/plain"].endswith("2 done")
    assert ("", "") == capsys.readouterr()
