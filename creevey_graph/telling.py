"""Telling listeners what happens in a run."""

from collections.abc import Iterable, Sequence

from creevey_graph.events import Event, Listener, Noticed


class Teller:
    """Hands events to listeners, in order. State: the notices told already; each is told once a run."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._noticed: set[str] = set()

    def emit(self, event: Event) -> None:
        """Hand an event to every listener."""
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
