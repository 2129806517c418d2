"""Progress at a terminal and in a log: what is written, and that the screen stays tidy."""

import io
import os

import pytest

from creevey_graph.errors import UsageError
from creevey_graph.events import ItemFinished, ItemsCached, Noticed, Outcome, Row, RunFinished, RunStarted
from creevey_graph.paint import unpainted
from creevey_graph.views.live_bar import LiveBar, bar_line
from creevey_graph.views.meter import Meter
from creevey_graph.views.progress import Lines, open_progress
from creevey_graph.views.told_failures import MOST
from creevey_graph.width import width_of


class Screen(io.StringIO):
    """A terminal of *width* columns that shows what is written to it: lines, with returns, erasing and going up."""

    encoding = "utf-8"

    def isatty(self):
        return True

    def fileno(self):
        raise OSError

    def rows(self, width):
        """Return the rows that are seen."""
        rows, row, at = [""], 0, 0
        text = unpainted(self.getvalue())
        place = 0
        while place < len(text):
            if text[place] == "\x1b":
                end = next(i for i in range(place + 2, len(text)) if text[i].isalpha())
                if text[end] == "A":
                    row -= int(text[place + 2 : end])
                elif text[end] == "K":
                    rows[row] = rows[row][:at]
                elif text[end] == "J":
                    rows[row:] = [rows[row][:at]]
                place = end + 1
                continue
            if text[place] == "\r":
                at = 0
            elif text[place] == "\n":
                row, at = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            else:
                assert at < width, "a line wrapped"
                rows[row] = rows[row][:at] + text[place] + rows[row][at + 1 :]
                at += 1
            place += 1
        return rows


@pytest.fixture
def width(monkeypatch):
    """Set how wide the terminal is."""

    def set_width(columns):
        monkeypatch.setenv("COLUMNS", str(columns))

    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    set_width(80)
    return set_width


class Clock:
    now = 0.0

    def __call__(self):
        self.now += 0.2
        return self.now


def started(total=20):
    return RunStarted("small", total, (), "threads", "1")


def item(number, outcome=Outcome.DONE, **more):
    return ItemFinished(number, Row(f"{number}.jpg", "", outcome, **more))


def failed(number):
    return item(number, Outcome.FAILED, step="load", error=f"ValueError: {number} \x1b[2J is wrong\nmore")


@pytest.mark.parametrize("columns", [20, 40, 80, 160])
def test_the_bar_stays_on_its_line(width, columns):
    """Whatever the terminal's width, the line never wraps, and the next one takes its place."""
    width(columns)
    screen = Screen()
    shown = LiveBar(screen, clock=Clock())
    for event in (started(), *map(item, range(20)), RunFinished(4.0)):
        shown(event)
    shown.close()

    rows = screen.rows(columns)
    assert 2 == len(rows)
    assert "100%" in rows[0]
    assert "" == rows[1]
    if columns >= 40:
        assert "20/20" in rows[0]


def test_a_failure_is_told_at_once_above_the_bar(width):
    """In one line with key, step and error, inert; beyond the first ones they are counted."""
    screen = Screen()
    shown = LiveBar(screen, clock=Clock())
    for event in (started(), item(0), *map(failed, range(1, 9)), RunFinished(4.0)):
        shown(event)
    shown.close()

    *told, bar, last = screen.rows(80)
    assert "" == last
    assert [r"failed: 1.jpg (step load): ValueError: 1 \x1b[2J is wrong …"] == told[:1]
    assert MOST + 1 == len(told)
    assert "failed: more items, which are counted from here on" == told[-1]
    assert "8 failed" in bar


def test_old_failures_are_not_told_again(width):
    """What failed last time and was not tried again is counted only."""
    screen = Screen()
    shown = LiveBar(screen, clock=Clock())
    old = item(0, Outcome.FAILED, step="load", error="old", reason="failed last time: not tried again")
    for event in (started(), old, RunFinished(1.0)):
        shown(event)

    assert 1 == len(screen.rows(80))


def test_a_bar_that_does_not_stay_leaves_nothing(width):
    """The command line shows a summary in its place; notices stay."""
    screen = Screen()
    shown = LiveBar(screen, stays=False, clock=Clock())
    for event in (started(), Noticed("cache \x9b full"), item(0), RunFinished(1.0)):
        shown(event)
    shown.close()

    assert [r"note: cache \x9b full", ""] == screen.rows(80)


def test_a_narrower_terminal_is_tidied_up(width):
    """The old line, which then takes two rows, is wiped as a whole."""
    screen = Screen()
    shown = LiveBar(screen, clock=Clock())
    for event in (started(), *map(item, range(9))):
        shown(event)
    before = len(screen.getvalue())
    width(30)
    shown(item(9))

    assert screen.getvalue()[before:].startswith("\x1b[2A\r\x1b[J")


def test_nothing_is_drawn_before_a_run_begins(width):
    """A run that does not come to be leaves the screen alone."""
    screen = Screen()
    shown = LiveBar(screen)
    shown.close()

    assert "" == screen.getvalue()


def test_colours_are_those_that_were_asked_for(width, monkeypatch):
    """None with NO_COLOR; ASCII where the stream takes nothing else."""
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    screen.encoding = "ascii"
    shown = LiveBar(screen, clock=Clock())
    for event in (started(), item(0), failed(1)):
        shown(event)

    assert "\x1b[3" not in screen.getvalue()
    assert screen.getvalue().isascii()


def test_a_bar_says_when_it_will_be_there():
    """Counts, rate, time left, and the outcomes by name."""
    now = [0.0]
    meter = Meter(lambda: now[0])
    meter.add(started(100))
    for number in range(10):
        now[0] += 1.0
        meter.add(item(number))
    line = unpainted(bar_line(meter, 100))

    assert all(text in line for text in ("small", "10%", "10/100", "1.0/s", "1:30 left", "10 done"))
    assert all(width_of(bar_line(meter, columns)) <= columns for columns in range(1, 120))


# --- lines -----------------------------------------------------------------------------------------


def test_a_log_gets_whole_lines(width):
    """The same facts without a colour or a control character, every few seconds."""
    stream = io.StringIO()
    clock = Clock()
    shown = Lines(stream, clock=clock)
    shown(started(100))
    for number in range(40):
        shown(item(number) if number else failed(0))
    shown.close()

    lines = stream.getvalue().splitlines()
    assert r"failed: 0.jpg (step load): ValueError: 0 \x1b[2J is wrong …" == lines[0]
    assert lines[1].startswith("small: ")
    assert all(text in lines[-1] for text in ("/100 items", "done", "1 failed", "/s", "gone", "left"))
    assert "\x1b" not in stream.getvalue()


def test_a_short_run_says_nothing_in_a_log_unless_asked():
    """`progress=True` tells the end in every case."""
    for progress, count in (("auto", 0), (True, 1)):
        stream = io.StringIO()
        shown = open_progress(progress, stream)
        for event in (started(3), ItemsCached([], b"", 3), RunFinished(0.1)):
            shown(event)
        shown.close()

        assert count == len(stream.getvalue().splitlines())
        assert ("3/3 items, 3 cached" in stream.getvalue()) == bool(count)


@pytest.mark.parametrize(
    ("progress", "terminal", "term", "kind"),
    [
        ("auto", True, "xterm", LiveBar),
        ("auto", True, "dumb", Lines),
        ("auto", False, "xterm", Lines),
        (True, True, "xterm", LiveBar),
        (True, False, "xterm", Lines),
        ("bar", False, "xterm", LiveBar),
        ("lines", True, "xterm", Lines),
        (False, True, "xterm", type(None)),
    ],
)
def test_what_shows_progress_suits_the_stream(width, progress, terminal, term, kind):
    """A bar needs a terminal that can draw a line again."""
    os.environ["TERM"] = term  # `width` puts it back

    assert kind is type(open_progress(progress, Screen() if terminal else io.StringIO()))


def test_another_progress_is_a_mistake():
    """It names what there is."""
    with pytest.raises(UsageError, match="'bar' or 'lines'"):
        open_progress("spinner", io.StringIO())


def test_a_real_terminal_is_asked_for_its_size(monkeypatch):
    """By its file descriptor; where it does not say, 80 columns are taken."""
    from creevey_graph.screen import USUAL_WIDTH, screen_of

    pty = pytest.importorskip("pty")
    termios = pytest.importorskip("termios")
    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = pty.openpty()
    try:
        with os.fdopen(theirs, "w") as stream:
            termios.tcsetwinsize(theirs, (24, 57)) if hasattr(termios, "tcsetwinsize") else None
            assert screen_of(stream).width in (57, USUAL_WIDTH)
    finally:
        os.close(ours)
    assert USUAL_WIDTH == screen_of(Screen()).width
