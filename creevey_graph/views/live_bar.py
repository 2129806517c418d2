"""A bar of outcomes on the last line of a terminal, drawn again as items finish."""

import math
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from creevey_graph.events import Event, ItemFinished, Noticed, Outcome, RunFinished, RunStarted
from creevey_graph.paint import painted, unpainted
from creevey_graph.screen import USUAL_WIDTH, Lasting, Screen, plainly, screen_of
from creevey_graph.text import safe_text
from creevey_graph.views.bars import bar
from creevey_graph.views.meter import Meter, clock_text, rate_text
from creevey_graph.views.palette import INKS
from creevey_graph.views.told_failures import ToldFailures
from creevey_graph.width import cut, width_of

EVERY_S = 0.1
"""Between two drawings: what the eye can follow."""
LEAST_BAR, MOST_BAR = 8, 30
MOST_NAME = 24


class LiveBar:
    """
    Shows how far a run is, on one line that never wraps; failures and notices stand above it.

    Args:
        stream: A terminal.
        stays: Whether the last state is left on the screen at the end.
        clock: Seconds.

    State: meter; drawn_width = columns of the line on the screen, 0 for none; drawn_at = when.
    """

    def __init__(
        self, stream: TextIO, *, stays: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = Lasting(stream)
        self._stays = stays
        self._clock = clock
        self._meter = Meter(clock)
        self._failures = ToldFailures()
        self._has_begun = False
        self._drawn_width = 0
        self._drawn_at = -math.inf

    def __call__(self, event: Event) -> None:
        self._meter.add(event)
        if isinstance(event, RunStarted):
            self._has_begun = True
        elif isinstance(event, Noticed):
            self._say(f"note: {safe_text(event.text)}", is_cut=False)
        elif isinstance(event, ItemFinished) and (told := self._failures.told(event.row)):
            self._say(told, is_cut=True)
        if isinstance(event, RunFinished) or (self._has_begun and self._clock() - self._drawn_at >= EVERY_S):
            self._draw()

    def close(self) -> None:
        """Leave the screen tidy: the cursor at the beginning of a line."""
        if not self._drawn_width:
            return
        if self._stays:
            self._draw()
            self._stream.write("\n")
        else:
            self._stream.write(self._erasing(self._screen()))
        self._drawn_width = 0
        self._stream.flush()

    def _screen(self) -> Screen:
        return screen_of(self._stream)

    def _say(self, text: str, *, is_cut: bool) -> None:
        screen = self._screen()
        if is_cut:
            text = cut(text, _columns(screen))
        word, colon, rest = text.partition(" ")
        if is_cut and screen.has_color:
            word = painted(word, INKS[Outcome.FAILED].terminal)
        self._stream.write(f"{self._erasing(screen)}{_shown(word + colon + rest, screen)}\n")
        self._drawn_width = 0
        self._drawn_at = -math.inf
        self._stream.flush()

    def _draw(self) -> None:
        screen = self._screen()
        line = _shown(bar_line(self._meter, _columns(screen)), screen)
        self._stream.write(self._erasing(screen) + line)
        self._stream.flush()
        self._drawn_width, self._drawn_at = width_of(line), self._clock()

    def _erasing(self, screen: Screen) -> str:
        """Return what wipes the line that was drawn, which takes several where the terminal was made narrower."""
        if not screen.can_redraw:
            return "\r"
        rows = math.ceil(self._drawn_width / (screen.width or USUAL_WIDTH)) - 1 if self._drawn_width else 0
        return f"\x1b[{rows}A\r\x1b[J" if rows > 0 else "\r\x1b[K"


def _columns(screen: Screen) -> int:
    return max((screen.width or USUAL_WIDTH) - 1, 1)  # the last column makes some terminals wrap


def _shown(text: str, screen: Screen) -> str:
    text = text if screen.has_color else unpainted(text)
    return plainly(text) if screen.is_ascii else text


def bar_line(meter: Meter, width: int) -> str:
    """
    Return the state of a run in at most *width* columns, painted.

    What there is no room for is left out: first the graph's name, then the counts of what went well, the rate
    and the time left; the bar takes what remains.
    """
    total, finished = meter.total, meter.finished
    share = f"{100 * finished // total if total else 100:3}%"
    parts = {name: text for name, text in _parts(meter) if text}
    kept: list[str] = []
    for name in ("count", "failed", "left", "rate", "counts", "name"):
        tried = [one for one in (*kept, name) if one in parts and not (one == "failed" and name == "counts")]
        if width_of(share) + sum(width_of(parts[one]) + 2 for one in tried) + 2 + LEAST_BAR <= width:
            kept = tried
    shown = {name: text for name, text in parts.items() if name in kept}
    before = [shown.pop("name")] if "name" in shown else []
    room = width - sum(width_of(text) + 2 for text in (*before, share, *shown.values()))
    drawn = [bar(meter.counts, min(room, MOST_BAR), total=total)] if room >= 1 else []
    return "  ".join([*before, share, *drawn, *shown.values()]) if room >= 0 else cut(share.strip(), width)


def _parts(meter: Meter) -> Iterator[tuple[str, str]]:
    yield "name", cut(safe_text(meter.name), MOST_NAME)
    yield "count", f"{meter.finished:,}/{meter.total:,}"
    yield "rate", "" if meter.rate is None else rate_text(meter.rate)
    left = meter.seconds_left
    if meter.finished >= meter.total:
        yield "left", f"{clock_text(meter.seconds)} gone"
    else:
        yield "left", "" if left is None else f"{clock_text(left)} left"
    counts = [
        (outcome, painted(f"{count:,} {outcome}", INKS[outcome].terminal))
        for outcome in Outcome
        if (count := meter.counts[outcome])
    ]
    yield "failed", dict(counts).get(Outcome.FAILED, "")
    yield "counts", ", ".join(text for _, text in counts)
