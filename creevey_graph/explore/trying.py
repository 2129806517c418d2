"""
One item through a graph in this process, for somebody who looks: a picture of every value, nothing written or cached.

What an earlier try made of the same code, parameters and input is taken from `Kept`.
"""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import attrs

from creevey_graph.calls import call, check_returned
from creevey_graph.errors import SkipItem
from creevey_graph.explore.kept import Held, Kept
from creevey_graph.frozen import FrozenGraph, FrozenNode
from creevey_graph.identity import Identity, identify, lineage_keys
from creevey_graph.sources import Item
from creevey_graph.text import first_line, safe_text
from creevey_graph.thumbnails import seen

MOST_PX = 320
"""A thumbnail's longer side."""


@attrs.define
class Trial:
    """
    What came of one try.

    Args:
        pictures: One a value, in order, as the page takes them.
        seconds: Node -> what it took, this time or when it was made.
        ran: Names of the nodes that ran this time.
        error: Why it ended before its end, "" where it did not.
        step: Name of the node in which it ended.
    """

    pictures: list[dict[str, Any]] = attrs.field(factory=list)
    seconds: dict[str, float] = attrs.field(factory=dict)
    ran: list[str] = attrs.field(factory=list)
    error: str = ""
    step: str = ""


def try_item(frozen: FrozenGraph, item: Item, kept: Kept, check: Callable[[str], None]) -> Trial:
    """
    Run an item's steps; where one raises, tell so, with what was made until then.

    Args:
        frozen: The graph.
        item: The item.
        kept: Values of earlier tries.
        check: Called with each node's name before its turn; what it raises ends the try.
    """
    trial = Trial()
    if item.refusal is not None:
        _fail(trial, "", item.refusal)
        return trial
    try:
        identity = identify(item, None)
    except Exception as exc:  # noqa: BLE001 - a file that cannot be read is told
        _fail(trial, "", exc)
        return trial
    for (name, _), value in zip(frozen.inputs, item.values, strict=True):
        trial.pictures.append(picture_of("", name, value))
    outputs, problems = _outputs(frozen, item, identity)
    keys = lineage_keys(frozen, identity, outputs, _downloaded(frozen, identity))
    values: dict[int, Any] = dict(enumerate(item.values))
    for node, key in zip(frozen.nodes, keys, strict=True):
        check(node.name)
        problem: BaseException | None = problems.get(node.slot)
        if problem is None and (text := _not_run(node, values, outputs)):
            trial.pictures.append({**picture_of(node.name, node.name, None), "text": text})
        elif problem is None:
            problem = _try_node(trial, node, key, values, kept)
        if problem is not None:
            _fail(trial, node.name, problem)
            return trial
    return trial


def _not_run(node: FrozenNode, values: dict[int, Any], outputs: dict[int, str]) -> str:
    """Say why a node is not run here, "" where it is."""
    if node.output is not None:
        return f"would write '{safe_text(outputs[node.slot])}'"
    return "" if all(slot in values for slot in node.reads) else "reads a file that is not written here"


def _try_node(
    trial: Trial, node: FrozenNode, key: str | None, values: dict[int, Any], kept: Kept
) -> BaseException | None:
    """Take a node's value from *kept*, or run it; return what it raised."""
    held = kept.get(key)
    if held is None:
        began = perf_counter()
        try:
            value = call(node, values, is_last_reader=lambda slot: isinstance(values[slot], Iterator))
            check_returned(node, value)
        except (Exception, KeyboardInterrupt) as exc:  # noqa: BLE001 - whatever a step raises is told; Ctrl-C goes to the main thread
            return exc
        seconds = perf_counter() - began
        held = Held(value, picture_of(node.name, node.name, value), seconds)
        kept.put(key, held)
        trial.ran.append(node.name)
    values[node.slot] = held.value
    trial.pictures.append(dict(held.picture))
    trial.seconds[node.name] = round(held.seconds, 6)
    return None


def _outputs(
    frozen: FrozenGraph, item: Item, identity: Identity
) -> tuple[dict[int, str], dict[int, Exception]]:
    """Return slot of a writer -> where it would write, and -> what is wrong with that."""
    paths, problems = dict.fromkeys((node.slot for node in frozen.writers), ""), {}
    for node in frozen.writers:
        assert node.output is not None
        try:
            paths[node.slot] = node.output.render(item, identity.digest)
        except Exception as exc:  # noqa: BLE001 - a path function is the user's
            problems[node.slot] = exc
    return paths, problems


def _downloaded(frozen: FrozenGraph, identity: Identity) -> dict[int, str]:
    """Return position of a download -> what stands for it: a server is asked once, not at every turn of a knob."""
    first = len(frozen.inputs)
    return {
        position: f"{node.fingerprint} {identity.values}"
        for position, node in enumerate(frozen.nodes)
        if node.step.options.downloads
        and not node.step.options.pure
        and node.fingerprint is not None
        and all(slot < first for slot in node.reads)
    }


def picture_of(node: str, label: str, value: Any) -> dict[str, Any]:
    """Return a value as the page shows it, with the node it came of."""
    shown = seen(value, most_px=MOST_PX)
    picture = {
        "node": safe_text(node),
        "label": safe_text(label),
        "src": "",
        "width": 0,
        "height": 0,
        "was": "",
    }
    if shown.thumbnail is None:
        return {**picture, "text": shown.text}
    return {**picture, **attrs.asdict(shown.thumbnail), "text": shown.text}


def _fail(trial: Trial, step: str, exc: BaseException) -> None:
    trial.step = safe_text(step)
    text = safe_text(str(exc), keep_newlines=True)
    if isinstance(exc, SkipItem):
        trial.error = f"left out: {first_line(str(exc))}"
    else:
        trial.error = f"{type(exc).__name__}: {text}" if text else type(exc).__name__
