"""The lines of an explanation in colour: what becomes of each step, old and new values, and what an edit changed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from creevey_graph.events import Outcome, Reason
from creevey_graph.explanation import Line
from creevey_graph.paint import painted
from creevey_graph.plan import Action
from creevey_graph.views.palette import INKS, STALE

CODE = frozenset({Line.REMOVED, Line.ADDED, Line.CONTEXT, Line.FILE, Line.PLACE})
"""Lines of code, which are shown as they are however long."""
_REMOVED, _ADDED = INKS[Outcome.FAILED].terminal, INKS[Outcome.DONE].terminal
_STYLES: Mapping[Line, str] = {
    Line.TITLE: "bold",
    Line.REMOVED: _REMOVED,
    Line.ADDED: _ADDED,
    Line.CONTEXT: "dim",
    Line.FILE: "bold",
    Line.PLACE: "cyan",
}
_ACTIONS: Mapping[str, str] = {
    Action.RUN.value: INKS[Outcome.DONE].terminal,
    Action.RESTORE.value: INKS[Outcome.RESTORED].terminal,
    Action.LOAD.value: INKS[Outcome.CACHED].terminal,
    Action.KEEP.value: INKS[Outcome.CACHED].terminal,
    Action.NONE.value: "dim",
}
_CHANGES = (Reason.CODE_CHANGED, Reason.PARAMETER_CHANGED, Reason.DEPENDENCY_CHANGED, Reason.INPUT_CHANGED)
_FACT = re.compile(r"(  )(why|also): (.*)")
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.4
"""Lines that have less in common are two lines, and not one that was edited."""


def painted_lines(lines: Iterable[tuple[Line, str]]) -> Iterator[tuple[Line, str]]:
    """Yield *lines* of an explanation, painted; removed lines and those added in their place show what differs."""
    removed: list[str] = []
    for kind, group in groupby(lines, key=lambda line: line[0]):
        texts = [text for _, text in group]
        if kind is Line.REMOVED:
            removed = texts
            continue
        if removed:
            befores, texts = emphasized(removed, texts) if kind is Line.ADDED else (_plain(removed), texts)
            yield from ((Line.REMOVED, text) for text in befores)
            removed = []
            if kind is Line.ADDED:
                yield from ((kind, text) for text in texts)
                continue
        yield from ((kind, _painted(kind, text)) for text in texts)
    yield from ((Line.REMOVED, text) for text in _plain(removed))


def _plain(removed: Iterable[str]) -> list[str]:
    return [painted(text, _REMOVED) for text in removed]


def _painted(kind: Line, text: str) -> str:
    if kind is Line.NODE:
        name, colon, action = text.rpartition(": ")
        return painted(name, "bold") + colon + painted(action, _ACTIONS.get(action, ""))
    if kind is Line.FACT:
        return _fact(text)
    return painted(text, _STYLES[kind])


def _fact(text: str) -> str:
    """Return a fact, painted where it tells a change: the reason, and a value before and after."""
    if not (found := _FACT.fullmatch(text)):
        return text
    indent, word, told = found.groups()
    reason = next((str(one) for one in _CHANGES if told.startswith(one)), "")
    rest = told.removeprefix(reason)
    if reason == Reason.PARAMETER_CHANGED and rest.count(" -> ") == 1:
        before, _, after = rest.partition(" -> ")
        where, space, value = _parted(before)
        rest = f"{where}{space}{painted(value, _REMOVED)} -> {painted(after, _ADDED)}"
    return f"{indent}{word}: {painted(reason, STALE.terminal)}{rest}"


def _parted(before: str) -> tuple[str, str, str]:
    """Part ": resize.size (224, 224)" before the value."""
    colon, space, told = before.partition(" ")
    name, gap, value = told.partition(" ")
    return f"{colon}{space}{name}", gap, value


def emphasized(removed: Sequence[str], added: Sequence[str]) -> tuple[list[str], list[str]]:
    """
    Return both, painted; where a line was edited, the words that differ stand out.

    Lines are paired in order, as far as there are two; where they have little in common, nothing stands out.
    """
    pairs = [_pair(before, after) for before, after in zip(removed, added, strict=False)]
    olds = [*(before for before, _ in pairs), *_plain(removed[len(pairs) :])]
    return olds, [*(after for _, after in pairs), *(painted(text, _ADDED) for text in added[len(pairs) :])]


def _pair(before: str, after: str) -> tuple[str, str]:
    marks = len("    -")
    olds, news = _WORDS.findall(before[marks:]), _WORDS.findall(after[marks:])
    matcher = SequenceMatcher(None, olds, news, autojunk=False)
    same = sum(_words(olds[block.a : block.a + block.size]) for block in matcher.get_matching_blocks())
    if 2 * same < _ALIKE * (_words(olds) + _words(news)):
        return painted(before, _REMOVED), painted(after, _ADDED)
    old, new = [(before[:marks], False)], [(after[:marks], False)]
    for tag, i, j, k, m in matcher.get_opcodes():
        old.append(("".join(olds[i:j]), tag != "equal"))
        new.append(("".join(news[k:m]), tag != "equal"))
    return _stressed(old, _REMOVED), _stressed(new, _ADDED)


def _words(tokens: Iterable[str]) -> int:
    return sum(not token.isspace() for token in tokens)


def _stressed(parts: Iterable[tuple[str, bool]], style: str) -> str:
    joined = groupby(parts, key=lambda part: part[1])
    return "".join(
        painted("".join(text for text, _ in group), f"{style} reverse" if is_stressed else style)
        for is_stressed, group in joined
    )
