"""What a graph looks like on its way to another process."""

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cloudpickle

from creevey_graph.fingerprint.modules import is_user_module


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


@functools.lru_cache(maxsize=2)
def loads(payload: bytes) -> Any:
    """Return what `dumps` serialised in the process that started this one; once a worker."""
    return cloudpickle.loads(payload)


@contextmanager
def _user_code_by_value() -> Iterator[None]:
    registered = []
    for name, module in list(sys.modules.items()):
        if name.startswith("_") or name.partition(".")[0] == "creevey_graph" or module is None:
            continue
        if getattr(module, "__file__", None) and is_user_module(name):
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
