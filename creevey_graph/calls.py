"""
One call of one step: arguments laid out, retries, time limit.

Values that several branches read are never changed by one of them: a step that may
change its arguments gets a copy unless it is the last to read the value. A copy tells no
more and no less than the original, so that it does not matter who reads first.
"""

import copy
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from creevey_graph.errors import SkipItem, StepError, StepTimeout
from creevey_graph.fingerprint.values import is_frozen
from creevey_graph.frozen import Argument, FrozenNode, SlotRef
from creevey_graph.interrupts import may_be_interrupted
from creevey_graph.memory import Memory
from creevey_graph.pictures import copy_of_picture, plain_picture
from creevey_graph.spoilt import note_left


def call(
    node: FrozenNode,
    values: Mapping[int, Any],
    *,
    is_last_reader: Callable[[int], bool],
    new_path: Callable[[], Path] | None = None,
    memory: Memory | None = None,
) -> Any:
    """
    Return what *node*'s step makes of its arguments.

    Args:
        node: The node.
        values: Slot -> value, for every slot it reads.
        is_last_reader: Slot -> whether no other node will read it.
        new_path: Gives a writer a place to write, another for every try: one that ran out of
            time may still be writing to its own.
        memory: What a step with a memory is handed.

    Raises:
        StepTimeout: It ran longer than its timeout_s.
        SkipItem: The step leaves the item out.
        StepError: It would be given a generator that another call needs too, or it ended with what
            is no `Exception`, such as `sys.exit`.
        Exception: Whatever the step raised on its last try.
    """
    options = node.step.options
    for left in range(options.retries, -1, -1):
        given: dict[str, Any] = {} if new_path is None else {options.writes: new_path()}
        if memory is not None:
            given[options.memory] = memory
        args, kwargs = _arguments(node, values, lambda slot: is_last_reader(slot) and not left, given)  # noqa: B023 - used at once
        try:
            if options.timeout_s is None:
                return node.step.func(*args, **kwargs)
            return _call_within(options.timeout_s, node, args, kwargs)
        except SkipItem:
            raise
        except Exception:
            if not left:
                raise
        except BaseException as exc:  # `sys.exit`, or a panic of native code: one item's failure
            if isinstance(exc, KeyboardInterrupt) and may_be_interrupted():
                raise
            if not left:
                text = f": {exc}" if str(exc) else ""
                raise StepError(f"step '{node.name}' raised {type(exc).__name__}{text}") from exc
    raise AssertionError("unreachable")


def _arguments(
    node: FrozenNode, values: Mapping[int, Any], may_take: Callable[[int], bool], given: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    borrows = node.step.options.borrows

    def resolve(argument: Argument) -> Any:
        if argument.shared:
            return argument.value
        return _fill(argument.value)

    def _fill(value: Any) -> Any:
        if isinstance(value, SlotRef):
            held = values[value.slot]
            if may_take(value.slot):
                return held if borrows else plain_picture(held)
            if isinstance(held, Iterator):
                raise StepError(
                    f"step '{node.name}': is given {type(held).__name__}, which can be read only once, "
                    "but is needed more than once; return a list instead"
                )
            return held if borrows else own_copy(held)
        if isinstance(value, dict):
            return {key: _fill(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            parts = [_fill(part) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        return value if borrows else own_copy(value)

    names = list(node.step.signature.parameters) if given else []
    args = [
        given[names[index]] if index < len(names) and names[index] in given else resolve(argument)
        for index, argument in enumerate(node.args)
    ]
    kwargs = {name: given[name] if name in given else resolve(argument) for name, argument in node.kwargs}
    return args, kwargs


def check_returned(node: FrozenNode, value: Any) -> None:
    """
    Check that a step that is annotated with a class returned something.

    Raises:
        StepError: It returned None; the next step would fail in a way that does not tell.
    """
    gives = node.step.hints.get("return")
    if (
        value is None
        and node.output is None
        and isinstance(gives, type)
        and gives not in (type(None), object, Any)  # Any is a class, too
    ):
        raise StepError(
            f"step '{node.name}' returned None, but is annotated {gives.__name__}; return a value, or "
            'raise SkipItem("why") to leave the item out'
        )


def own_copy(value: Any) -> Any:
    """
    Return a value that may be changed without *value* changing: itself where it cannot change.

    A value that cannot be copied (an open handle, say) is handed on as it is.
    """
    if is_frozen(value) or callable(value):
        return value
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(value, pillow.Image):
        return copy_of_picture(value)
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - __deepcopy__ is any code
        return value


def _call_within(timeout_s: float, node: FrozenNode, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call in a thread of its own; after *timeout_s* its result is no longer wanted."""
    box: list[Any] = []

    def work() -> None:
        try:
            box.append((node.step.func(*args, **kwargs), None))
        except BaseException as exc:  # noqa: BLE001 - handed to the waiting thread, raised there
            box.append((None, exc))

    thread = threading.Thread(target=work, name=f"creevey step {node.name}", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if not box:
        # A worker process takes no more items while the call goes on; in this process nothing ends it.
        note_left(thread)
        raise StepTimeout(
            f"step '{node.name}' ran longer than timeout_s={timeout_s:g}; raise the limit or speed it up"
        )
    value, error = box[0]
    if error is not None:
        raise error
    return value
