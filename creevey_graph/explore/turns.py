"""
One preview at a time, and of those that wait the latest: who turns a knob wants the last answer, not all of them.

A step cannot be stopped in the middle. One that takes longer than the limit goes on in the background; it is told
so, and what it made is there when the preview is asked for again.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Check = Callable[[], None]

LIMIT_S = 30.0


class Superseded(Exception):
    """A later one was asked for meanwhile."""


class TooLong(Exception):
    """It takes longer than the limit."""


class _Ticket(Generic[T]):
    def __init__(self, make: Callable[[Check], T]) -> None:
        self.make = make
        self.answer: T | None = None
        self.error: BaseException | None = None
        self.is_done = False


class Turns(Generic[T]):
    """
    Makes answers, one at a time, in a thread of its own.

    Args:
        limit_s: How long one waits for its answer.

    State: latest = what was asked for last; waiting = whether it is still to be begun. Thread safety: any number
    of threads ask.
    """

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self.limit_s = limit_s
        self._changed = threading.Condition()
        self._latest: _Ticket[T] | None = None
        self._waiting: _Ticket[T] | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def ask(self, make: Callable[[Check], T]) -> T:
        """
        Return what *make* returns; it is called with a check, which it calls between its steps.

        Raises:
            Superseded: A later one was asked for, or the server ends.
            TooLong: It takes longer than the limit; it goes on.
            Exception: What *make* raises.
        """
        ticket = _Ticket(make)
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="creevey previews", daemon=True)
                self._thread.start()
            self._latest = self._waiting = ticket
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: ticket.is_done or self._latest is not ticket or self._is_closed, self.limit_s
            )
            if not ticket.is_done:
                if self._waiting is ticket:
                    self._waiting = None
                raise TooLong if self._latest is ticket and not self._is_closed else Superseded
        if ticket.error is not None:
            raise ticket.error
        return ticket.answer  # type: ignore[return-value]  # done without an error

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or self._is_closed)
                if self._is_closed:
                    return
                ticket, self._waiting = self._waiting, None
            assert ticket is not None
            self._make(ticket)

    def _make(self, ticket: _Ticket[T]) -> None:
        try:
            ticket.answer = ticket.make(lambda: self._check(ticket))
        except BaseException as exc:  # noqa: BLE001 - handed to who waits for it
            ticket.error = exc
        with self._changed:
            ticket.is_done = True
            self._changed.notify_all()

    def _check(self, ticket: _Ticket[T]) -> None:
        if self._latest is not ticket or self._is_closed:
            raise Superseded

    def close(self) -> None:
        """Let everybody go who waits, and begin nothing more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
