"""What a graph looks like on its way to another process."""

import functools
import io
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import CodeType
from typing import Any

import cloudpickle

from creevey_graph.errors import UsageError
from creevey_graph.fingerprint.modules import is_user_module

_REGISTRY_LOCK = threading.RLock()
_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_NOT_SENT = frozenset({"__main__", "__mp_main__"})
"""cloudpickle sends what stands there by value without being told."""
_NO_FILE = "<dynamic-code>"
"""What cloudpickle gives as the file of code that is sent by value."""


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """
    Sends a lock as a new one of its kind, since it guards what the receiving process holds.

    Code keeps the name of its file, so that a traceback from a worker shows where a step failed:
    cloudpickle puts "<dynamic-code>" in its place.
    """

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, CodeType):
            return _with_file_name(obj, self.dispatch_table[CodeType](obj))
        if isinstance(obj, _LOCK):
            return threading.Lock, ()
        if isinstance(obj, _RLOCK):
            return threading.RLock, ()
        return super().reducer_override(obj)


def _with_file_name(code: CodeType, reduced: tuple[Any, ...]) -> tuple[Any, ...]:
    make, arguments = reduced
    named = (code.co_filename if isinstance(part, str) and part == _NO_FILE else part for part in arguments)
    return make, tuple(named)


def dumps(value: Any) -> bytes:
    """
    Serialise *value* with the user's own code by value.

    A worker must run the code, and see the module's state, that were fingerprinted; if it
    imported the user's modules anew, it would run what stands on disk by then, and keep the
    result under the key of what does not.

    Raises:
        Exception: Whatever pickle raises for what cannot be sent so.
    """
    with _user_code_by_value(), io.BytesIO() as buffer:
        _Pickler(buffer).dump(value)
        return buffer.getvalue()


def dumps_tasks(tasks: Sequence[Any]) -> bytes:
    """
    Serialise a chunk of tasks, instances of the user's own classes along with the code that knows them.

    Raises:
        UsageError: A value of an item cannot be sent to another process.
    """
    try:
        return dumps(list(tasks))
    except Exception as exc:
        raise UsageError(
            f"an item's values cannot be sent to another process ({type(exc).__name__}: {exc}); "
            "run it in threads (executor='threads', --executor threads), or let a step make them"
        ) from exc


def loads_tasks(data: bytes) -> list[Any]:
    """Return the tasks that `dumps_tasks` serialised."""
    return list(cloudpickle.loads(data))


def received_tasks(data: bytes) -> list[Any]:
    """
    Return the tasks that were sent to this process.

    Raises:
        UsageError: A value of an item cannot be made again here.
    """
    try:
        return loads_tasks(data)
    except BaseException as exc:  # noqa: BLE001 - a value's `__setstate__` is any code
        raise UsageError(not_received(exc)) from None


def received_reply(data: bytes) -> tuple[str, Any]:
    """Return (what became of a chunk, its results or an error), as a worker sent it."""
    try:
        reply: tuple[str, Any] = cloudpickle.loads(data)
    except BaseException as exc:  # noqa: BLE001 - an exception of the user's is made again, by any code
        return "error", UsageError(not_received(exc))
    return reply


def not_received(exc: BaseException) -> str:
    """Say that values of an item were sent to another process, but could not be made again there."""
    return (
        f"an item's values did not survive the way to another process ({type(exc).__name__}); "
        "run it in threads (executor='threads', --executor threads), or let a step make them"
    )


@functools.lru_cache(maxsize=2)
def loads(payload: bytes) -> Any:
    """Return what `dumps` serialised in the process that started this one; once a worker."""
    return cloudpickle.loads(payload)


@contextmanager
def _user_code_by_value() -> Iterator[None]:
    # The registry is cloudpickle's and global: two runs at once take turns, what others put in stays.
    with _REGISTRY_LOCK:
        taken = cloudpickle.list_registry_pickle_by_value()
        registered = []
        for name, module in list(sys.modules.items()):
            if name in _NOT_SENT or name.partition(".")[0] == "creevey_graph" or module is None:
                continue
            if name not in taken and getattr(module, "__file__", None) and is_user_module(name):
                try:
                    cloudpickle.register_pickle_by_value(module)
                except ValueError:
                    continue  # known under another name
                registered.append(module)
        try:
            yield
        finally:
            for module in registered:
                cloudpickle.unregister_pickle_by_value(module)
