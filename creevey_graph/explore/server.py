"""
The server: one page, what it is told, and previews, on 127.0.0.1 and nowhere else.

A URL names no file: what can be asked for stands in one table, rows go by number.
"""

import functools
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from creevey_graph.errors import UsageError
from creevey_graph.explore.access import ICON, LOOPBACK, PAGE_POLICY, Refused, Request, new_token
from creevey_graph.explore.columns import encoded
from creevey_graph.explore.feed import ALL, Feed
from creevey_graph.explore.handling import Answer, Server
from creevey_graph.explore.previews import Asked, Previews, changed_settings
from creevey_graph.explore.watch import Watch

PATIENCE_S = 0.5
"""For what is in hand at the end."""
_NUMBER = re.compile(r"[0-9]{1,9}")


class Page(Protocol):
    """What makes pages."""

    def __call__(self, feed: Feed | None, live: Mapping[str, str], *, is_whole: bool) -> str:
        """
        Return the page.

        Args:
            feed: What it shows; None while there is no run yet.
            live: Where it asks, and its token.
            is_whole: Whether it holds all rows from the beginning, numbered as they stand in the report; else they
                are sent, numbered as the items stand in the input.
        """
        ...


class Explorer:
    """
    One server.

    Args:
        watch: Which run is shown.
        previews: Previews of its items.
        page: Makes the page.
        port: The port, 0 for any that is free.

    Raises:
        UsageError: The port cannot be had.

    State: token = the secret in the URL; closing = set at the end.
    """

    def __init__(self, watch: Watch, previews: Previews, page: Page, *, port: int = 0) -> None:
        self.watch = watch
        self.previews = previews
        self.token = new_token()
        self.closing = threading.Event()
        self._page = page
        try:
            self._http = Server((LOOPBACK, port), self.token, self.answer)
        except (OSError, OverflowError) as exc:
            why = getattr(exc, "strerror", None) or exc
            raise UsageError(
                f"port {port} of {LOOPBACK} cannot be had ({why}); choose another with --port"
            ) from exc
        self._threads = [
            threading.Thread(
                target=self._http.serve_forever, args=(0.05,), name="creevey explore", daemon=True
            ),
            threading.Thread(target=watch.run, args=(self.closing,), name="creevey watch", daemon=True),
        ]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        host, port = self._http.server_address[:2]
        return str(host), int(port)

    @property
    def url(self) -> str:
        """Where the page is, token included."""
        return f"http://{LOOPBACK}:{self.address[1]}/?token={self.token}"

    def start(self) -> None:
        """Serve, and watch, from now on."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Free the port, and let everybody go."""
        self.closing.set()
        if self._threads[0].is_alive():
            self._http.shutdown()
        self._http.server_close()
        self.previews.close()
        if self._threads[1].is_alive():
            self._threads[1].join(PATIENCE_S)
        self.watch.close()

    # --- answers ---------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """
        Return what is asked for.

        Raises:
            Refused: There is no such thing.
        """
        if request.path == ICON:
            return Answer(b"", "image/x-icon", 204)
        if request.path == "/":
            return Answer(self._paged(), "text/html; charset=utf-8", policy=PAGE_POLICY)
        if request.name not in ANSWERS:
            raise Refused(404, "there is nothing here")
        feed = self.watch.feed(request.number)
        if feed is None:
            raise Refused(404, "this run is not shown any more; load the page again")
        return ANSWERS[request.name](self, feed, request)

    def _paged(self) -> bytes:
        feed = self.watch.feed()
        number, is_whole = (0, False) if feed is None else (feed.number, feed.is_whole)
        live = {name: f"/{name}{'-whole' * is_whole}/{number}" for name in ANSWERS}
        page = self._page(feed, {"token": self.token, **live}, is_whole=is_whole)
        return page.encode("utf-8", "backslashreplace")

    def preview(self, feed: Feed, request: Request) -> Answer:
        """Return the preview of a row, with parameters as they are typed."""
        return Answer(encoded(finite(self.previews.of(asked_of(feed, request)))), "application/json")

    def events(self, feed: Feed, request: Request) -> Answer:
        """Return the messages of a feed; a page that holds all rows is sent none."""
        return Answer(functools.partial(_messages, feed, request.is_whole), "text/event-stream")


ANSWERS: Mapping[str, Callable[[Explorer, Feed, Request], Answer]] = MappingProxyType(
    {"events": Explorer.events, "preview": Explorer.preview}
)
"""Name in the path -> what answers it; the number of a feed may stand behind, and tell how its rows count."""


def _messages(feed: Feed, is_whole: bool, last_id: str) -> Iterator[bytes]:
    return feed.messages(ALL if is_whole else number_of(last_id) or 0)


def number_of(text: str) -> int | None:
    """
    Return the number that a request tells, None where it tells none.

    >>> number_of("12"), number_of("-1"), number_of("1e3")
    (12, None, None)
    """
    return int(text) if _NUMBER.fullmatch(text) else None


def asked_of(feed: Feed, request: Request) -> Asked:
    """
    Return what a request asks of a row.

    Raises:
        Refused: There is no such row.
    """
    number = number_of(request.one("row"))
    try:
        row = None
        if number is not None:
            row = feed.row_in_order(number) if request.is_whole else feed.row_at(number)
    except (OSError, ValueError):
        raise Refused(404, "the report of this run cannot be read any more") from None
    if number is None or row is None:
        raise Refused(404, "there is no such row")
    report, settings = feed.report, changed_settings(request.fields.get("set", []))
    return Asked(number, row, report.input_root, report.out, settings)


def finite(value: Any) -> Any:
    """Return data with numbers that JSON does not have as None."""
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    is_odd = isinstance(value, float) and (value != value or value in (float("inf"), float("-inf")))  # noqa: PLR0124
    return None if is_odd else value
