"""
What terminals of 80 and 160 columns, and pipes, are shown: golden files, colours as tags.

To write them anew, and to look at what changed:

    CREEVEY_WRITE_GOLDEN=1 python -m pytest tests/views/test_terminal_golden.py; git diff tests/golden
"""

import os
import re
from pathlib import Path

import pytest
import terminal_samples as samples

from creevey_graph.cli import tables
from creevey_graph.cli.explain import show_lines
from creevey_graph.cli.summary import next_lines, summary_lines, where_line
from creevey_graph.events import ItemFinished, Outcome, Row, RunStarted
from creevey_graph.paint import unpainted
from creevey_graph.screen import Screen
from creevey_graph.state import state_of
from creevey_graph.views.live_bar import bar_line
from creevey_graph.views.meter import Meter
from creevey_graph.views.planned import plan_lines
from creevey_graph.views.progress import progress_line
from creevey_graph.views.tree import draw_text
from creevey_graph.width import width_of

GOLDEN = Path(__file__).parents[1] / "golden"
ACCEPT = "creevey-graph accept graph.py"
_NAMES = {1: "bold", 2: "dim", 7: "reverse", 31: "red", 32: "green", 33: "yellow", 34: "blue"} | {
    35: "magenta",
    36: "cyan",
    90: "bright_black",
}


def status_first(width, _):
    return _plan(samples.first_plan(), width)


def status_edit(width, _):
    return _plan(samples.edited_plan(), width)


def _plan(plan, width):
    return plan.lines(ACCEPT) if width is None else plan_lines(plan, Screen(width, has_color=True), ACCEPT)


def run(width, folder):
    report = samples.ran_report(folder)
    lines = [*summary_lines(report, Screen(width)), *next_lines(report)]
    assert where_line(report, is_latest=True).startswith("report: ")
    return lines


def draw(width, _):
    shapes = (samples.LINEAR, samples.TRAINING, samples.MERGED)
    return "\n\n".join(draw_text(shape, width=width) for shape in shapes).split("\n")


def draw_state(width, folder):
    states = (state_of(samples.edited_plan()), state_of(samples.ran_report(folder)))
    return "\n\n".join(draw_text(samples.TRAINING, state, width=width) for state in states).split("\n")


def progress(width, _):
    now = [0.0]
    meter = Meter(lambda: now[0])
    meter.add(RunStarted("training_set", 1_000, (), "threads", "1"))
    lines = []
    for index in range(1_000):
        now[0] += 0.1
        outcome = Outcome.FAILED if index == 7 else Outcome.SKIPPED if index % 9 == 0 else Outcome.DONE
        meter.add(ItemFinished(index, Row("a", "a", outcome)))
        if index in (0, 3, 500, 999):
            lines.append(progress_line(meter) if width is None else bar_line(meter, width - 1))
    return lines


CASES = (status_first, status_edit, run, draw, draw_state, progress)
WIDTHS = (None, 40, 80, 160)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_what_is_shown_is_what_was_agreed_on(case, width, tmp_path, capsys, monkeypatch):
    """At each width: the same facts, in as much room as there is."""
    monkeypatch.setattr(tables, "screen_of", lambda _: Screen(width, has_color=True))
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    tables.echo_lines(case(width, tmp_path))

    check(f"terminal_{case.__name__}_{width or 'pipe'}", capsys.readouterr().out, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_explanation_is_shown_as_agreed_on(width, capsys, monkeypatch):
    """Its diff in colour, what differs in a line emphasised; code is not broken."""
    monkeypatch.setattr(tables, "screen_of", lambda _: Screen(width, has_color=True))
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: width is None)
    explained = samples.explanation()
    show_lines(explained.lines(accept=ACCEPT))
    shown = capsys.readouterr().out

    check(f"terminal_explain_{width or 'pipe'}", shown, None if width == 40 else width)
    if width is None:
        assert f"{explained}\n" == shown


def check(name, shown, width):
    """Compare with the golden file, or write it where that is asked for; hold what holds for all of them."""
    if width is None:
        shown = unpainted(shown)  # a pipe gets no colours
    text = tagged(shown)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("CREEVEY_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
    if width is not None:
        assert [] == [line for line in shown.splitlines() if width_of(line) > width]


def tagged(text):
    """Return *text* with colours as tags: "<bold red>a</>"."""

    def tag(found):
        names = [_NAMES[int(code)] for code in found[1].split(";") if int(code)]
        return f"<{' '.join(names)}>" if names else "</>"

    return re.sub(r"\x1b\[([0-9;]*)m", tag, text)
