"""Telling listeners what happens in a run."""

import time
from collections.abc import Iterable, Sequence

import attrs

from creevey_graph.events import Event, ItemFinished, ItemsCached, Listener, Noticed


class Teller:
    """
    Hands events to listeners, in order, those of items with the time.

    State: the notices told already, each is told once a run; when the run began.
    """

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._began = time.perf_counter()
        self._noticed: set[str] = set()

    def emit(self, event: Event) -> None:
        """Hand an event to every listener."""
        if isinstance(event, ItemFinished | ItemsCached):
            event = attrs.evolve(event, at_s=round(time.perf_counter() - self._began, 3))
        for listener in self._listeners:
            listener(event)

    def notice(self, text: str) -> None:
        """Tell something once."""
        if text not in self._noticed:
            self._noticed.add(text)
            self.emit(Noticed(text))

    def problems(self, problems: Iterable[str]) -> None:
        """Tell what went wrong with the cache, or what a step's value could not be kept for."""
        for text in problems:
            self.notice(text if text.startswith("step ") else f"cache: {text}")
