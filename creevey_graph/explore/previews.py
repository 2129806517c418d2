"""What the panel of one item shows: a picture of every value with parameters as they are typed; or its files alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.errors import CreeveyError
from creevey_graph.events import Row
from creevey_graph.explore.items import Items, Named, place_of
from creevey_graph.explore.kept import Kept
from creevey_graph.explore.loaded import Loaded, NotLoaded, told
from creevey_graph.explore.trying import picture_of, try_item
from creevey_graph.explore.turns import LIMIT_S, Check, Superseded, TooLong, Turns
from creevey_graph.previews import output_at
from creevey_graph.text import safe_text

MOST_OUTPUTS = 16
"""Of an item's files, as many are shown."""


@attrs.frozen
class Asked:
    """
    What a preview is asked of.

    Args:
        number: Number of the row in the page.
        row: The row.
        root: The folder that the run's items were listed from.
        out: The folder that its outputs are relative to.
        settings: "name=value" each.
    """

    number: int
    row: Row
    root: str = ""
    out: str = ""
    settings: tuple[str, ...] = ()


class Previews:
    """
    Previews of one graph's items.

    Args:
        loaded: The graph; None where there is none, then an item's source and outputs are shown.
        items: Its items.
        kept: Values of earlier previews.
        limit_s: How long one may take before it is told that it takes longer.

    State: also the one thread that makes them. Thread safety: any number of threads ask.
    """

    def __init__(
        self, loaded: Loaded | None, items: Items, *, kept: Kept | None = None, limit_s: float = LIMIT_S
    ) -> None:
        self.loaded = loaded
        self._items = items
        self._kept = Kept() if kept is None else kept
        self._turns: Turns[dict[str, Any]] = Turns(limit_s)
        self._at = ""

    def of(self, asked: Asked) -> dict[str, Any]:
        """Return the preview as the page takes it; where it cannot be made, why."""
        try:
            if self.loaded is None:
                return _answer(asked, pictures=files_of(asked))
            loaded = self.loaded
            return self._turns.ask(lambda check: self._make(loaded, asked, check))
        except Superseded:
            return _answer(asked, error="a later preview took its place", superseded=True)
        except TooLong:
            at = f" (in step '{self._at}')" if self._at else ""
            limit = f"{self._turns.limit_s:g} s"
            return _answer(
                asked,
                error=f"takes longer than {limit}{at}, and goes on in the background; ask again for what is "
                f"done by then, or, where it never ends, start explore again",
                step=self._at,
            )

    def _make(self, loaded: Loaded, asked: Asked, check: Check) -> dict[str, Any]:
        try:
            if loaded.refresh():
                self._kept.clear()
            parameters = loaded.parameters()
        except NotLoaded as exc:
            return _answer(asked, error=f"the edited graph cannot be loaded: {exc}")
        try:
            ready = loaded.bound(asked.settings)
            parameters = ready.parameters
            item = self._items.find(named_by(asked), ready.frozen)
        except (CreeveyError, OSError) as exc:
            return _answer(asked, error=told(exc), parameters=parameters)

        def note(node: str) -> None:
            self._at = safe_text(node)
            check()

        trial = try_item(ready.frozen, item, self._kept, note)
        self._at = ""
        return _answer(
            asked,
            pictures=trial.pictures,
            error=trial.error,
            step=trial.step,
            seconds={safe_text(node): seconds for node, seconds in trial.seconds.items()},
            ran=[safe_text(node) for node in trial.ran],
            parameters=parameters,
        )

    def close(self) -> None:
        """Let everybody go who waits."""
        self._turns.close()


def _answer(asked: Asked, **facts: Any) -> dict[str, Any]:
    known = {"row": asked.number, "key": safe_text(asked.row.key), "pictures": [], "error": "", "step": ""}
    return {**known, "seconds": {}, **facts, "parameters": list(facts.get("parameters", ()))}


def files_of(asked: Asked, most: int = MOST_OUTPUTS) -> list[dict[str, Any]]:
    """Return pictures of an item's own file and of its first *most* outputs, as far as these lie in the folder of outputs."""
    pictures = [picture_of("", "source", Path(place_of(named_by(asked))))]
    for output in asked.row.outputs[:most] if asked.out else ():
        picture = picture_of("output", output, output_at(asked.out, output))
        gone = "" if picture["text"] != "None" else f"{safe_text(output)}: not there any more"
        pictures.append({**picture, "text": gone or picture["text"]})
    return pictures


def named_by(asked: Asked) -> Named:
    """Return what the row tells of its item."""
    return Named(asked.row.key, asked.row.source, asked.root, asked.row.fields)


def changed_settings(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the settings of a query, the last of each name."""
    return tuple({text.partition("=")[0]: text for text in texts}.values())
