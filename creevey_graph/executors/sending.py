"""What a graph looks like on its way to another process."""

import functools
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cloudpickle

from creevey_graph.errors import UsageError
from creevey_graph.fingerprint.modules import is_user_module

_REGISTRY_LOCK = threading.RLock()


def dumps(value: Any) -> bytes:
    """
    Serialise *value* with the user's own code by value.

    A worker must run the code that was fingerprinted; if it imported the user's modules anew,
    it would run what stands on disk by then. Modules that cannot be sent by value (they hold
    locks, say) are imported there after all.

    Raises:
        Exception: Whatever pickle raises for what cannot be sent.
    """
    try:
        with _user_code_by_value():
            return bytes(cloudpickle.dumps(value))
    except Exception:  # noqa: BLE001 - pickle raises anything; the second try tells what is wrong
        return bytes(cloudpickle.dumps(value))


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
            "use executor='threads', or let a step make them"
        ) from exc


def loads_tasks(data: bytes) -> list[Any]:
    """Return the tasks that `dumps_tasks` serialised."""
    return list(cloudpickle.loads(data))


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
            if name.startswith("_") or name.partition(".")[0] == "creevey_graph" or module is None:
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
