"""A step, and a cache."""

import inspect
import os
from collections.abc import Iterator
from typing import Any

from creevey_graph.cache import Cache
from creevey_graph.cache.care import glance
from creevey_graph.columns import counted as counted_noun
from creevey_graph.errors import CacheError
from creevey_graph.options import StepOptions
from creevey_graph.policy import shown_policy
from creevey_graph.shape import HIDDEN, place_of, short_text
from creevey_graph.sizes import bytes_text, seconds_text
from creevey_graph.step import Step
from creevey_graph.views.markup import Markup, facts, folded, pre, shortened, table, tag
from creevey_graph.views.notebook.pieces import framed, muted

MOST_DOC = 4_000
"""Characters of a docstring."""
MOST_COUNTED = 20_000
"""Records of a cache that is counted while somebody waits for a cell: 0.3 s."""
MOST_STEPS = 100


def show_step(step: Step[..., Any]) -> Markup:
    """Return a step: signature, what it asks of the engine, where it stands, and its docstring."""
    about, _, more = inspect.cleandoc(step.func.__doc__ or "").partition("\n")
    signature = pre(_signature(step), class_="creevey-wrapped")
    more = more.strip("\n")[:MOST_DOC]
    return framed(
        step.name,
        shortened(about, 300),
        signature,
        facts(_facts_of(step)),
        folded("docstring", pre(more)) if more.strip() else None,
        kind="writer" if step.is_writer else "step",
    )


def _signature(step: Step[..., Any]) -> str:
    """Return the signature, a line a parameter where it is long."""
    text = f"{step.name}{step.signature}"
    if len(text) <= 100 or not step.signature.parameters:  # noqa: PLR2004 - a line of code
        return shortened(text, 400)
    given = ",\n    ".join(_parameters(step.signature))
    returns = step.signature.return_annotation
    end = "" if returns is step.signature.empty else f" -> {inspect.formatannotation(returns)}"
    return f"{step.name}(\n    {given},\n){end}"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    is_keyword = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            is_keyword = True
        elif parameter.kind is parameter.KEYWORD_ONLY and not is_keyword:
            is_keyword = True
            yield "*"
        yield shortened(str(parameter), 200)


def _facts_of(step: Step[..., Any]) -> Iterator[tuple[str, str]]:
    options, plain = step.options, StepOptions()
    for name, value in list(step.bound.items())[:MOST_STEPS]:
        shown = HIDDEN if name in options.ignore else short_text(value)
        yield f"bound {name}", tag("code", shown)
    yield "its values are", shown_policy(step)
    yield "writes", _code(options.writes)
    yield "version", _code(options.version)
    yield "ignore", _code(", ".join(sorted(options.ignore)))
    yield "depends_on", _code(", ".join(_depended(part) for part in options.depends_on))
    yield "retries", str(options.retries) if options.retries else ""
    yield "timeout_s", "" if options.timeout_s is None else f"{options.timeout_s:g}"
    yield "codec", _code(getattr(options.codec, "name", None))
    yield (
        "pure",
        ""
        if options.pure is True
        else _code(str(options.pure) if options.pure is False else "by parameters"),
    )
    yield "memory", _code(options.memory)
    told = ("borrows", "downloads", "by_content")
    yield (
        "also",
        ", ".join(
            f"{name}={getattr(options, name)}"
            for name in told
            if getattr(options, name) != getattr(plain, name)
        ),
    )
    yield "code", tag("code", place_of(step.func))


def _code(text: str | None) -> Markup | str:
    return tag("code", shortened(text)) if text else ""


def _depended(part: Any) -> str:
    return getattr(part, "__name__", None) or os.path.basename(str(part))  # noqa: PTH119 - a name to be shown


# --- a cache -----------------------------------------------------------------------------------


def show_cache(cache: Cache) -> Markup:
    """Return a cache: where it is and what it holds of each step; of a large one its size alone."""
    folder = tag("code", str(cache.folder))
    try:
        held = glance(cache, MOST_COUNTED)
    except CacheError as exc:
        return framed(
            "cache", "", facts([("folder", folder), ("problem", shortened(str(exc), 300))]), kind=""
        )
    if "steps" not in held:
        told = f"{held['records']:,} records, at most {bytes_text(held['bytes'])}"
        note = muted("too many to be counted while you wait: cache.info() does, per step")
        return framed("cache", told, facts([("folder", folder)]), note, kind="")
    steps = held["steps"]
    rows = [
        (
            tag("b", step["step"] or "no step known"),
            f"{step['values']:,}",
            bytes_text(step["bytes"]),
            seconds_text(step["saves_s"]) if step["saves_s"] else "",
        )
        for step in steps[:MOST_STEPS]
    ]
    told = f"{counted_noun(held['blobs'], 'value')}, {bytes_text(held['bytes'])}"
    on_disk = f"{bytes_text(held['disk_bytes'])}, of them {bytes_text(held['index_bytes'])} the index"
    return framed(
        "cache",
        told,
        facts([("folder", folder), ("on disk", on_disk), ("reports", f"{held['reports']:,}")]),
        table(("step", "values", "bytes", "having them saves"), rows, numbers=(1, 2, 3)) if rows else None,
        kind="",
    )
