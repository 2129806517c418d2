"""Whether outputs land apart: the templates of a graph's writers, and the paths of all items."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from creevey_graph.errors import GraphError
from creevey_graph.text import safe_text

Claim = tuple[str, str, str, int]
"""An output path, and whose it is: the item's key, the writer's name where there are several, the item's position."""

_PER_ITEM = "'{parent}/{stem}.jpg', '{key}.jpg' or '{index}.jpg'"
_PER_WRITER = "give each writer its own, as in 'small/{stem}.webp'"


def validate_templates_apart(templates: Mapping[str, Any]) -> None:
    """
    Check that no two writers of a graph have one template, which would be one path for each item.

    Args:
        templates: Writer -> its template; only texts are compared.

    Raises:
        GraphError: Two have.
    """
    owners: dict[str, str] = {}
    for writer, template in templates.items():
        if not isinstance(template, str | os.PathLike):
            continue
        text = str(template)
        if owners.setdefault(text, writer) != writer:
            raise GraphError(
                f"nodes '{owners[text]}' and '{writer}' have one output path, {text!r}; {_PER_WRITER}"
            )


def validate_outputs_apart(
    claims: Callable[[], Iterable[Claim]],
    place_of: Callable[[int], str] = lambda _: "",
    is_again: Callable[[int, int], bool] = lambda *_: False,
) -> None:
    """
    Check that nothing is written to one path twice.

    The claims are walked once with 8-byte hashes only, and once more where two are equal.

    Args:
        claims: Called for an iterator of what is written.
        place_of: Position of an item -> where it stands in its list, "" where there is none.
        is_again: Positions of two items -> whether they are one picture, listed twice.

    Raises:
        GraphError: Something is; both items are named.
    """
    seen: set[int] = set()
    doubtful: set[int] = set()
    for path, *_ in claims():
        mark = hash(os.path.normcase(path))
        (doubtful if mark in seen else seen).add(mark)
    if not doubtful:
        return
    owners: dict[str, Claim] = {}
    for claim in claims():
        place = os.path.normcase(claim[0])
        if hash(place) in doubtful and (first := owners.setdefault(place, claim)) is not claim:
            raise GraphError(_collision(first, claim, place_of, is_again))


def _collision(
    first: Claim,
    second: Claim,
    place_of: Callable[[int], str],
    is_again: Callable[[int, int], bool],
) -> str:
    path, key, node, index = second
    if first[3] == index:
        return (
            f"item '{safe_text(key)}': nodes '{first[2]}' and '{node}' have one output path, "
            f"'{safe_text(path)}'; {_PER_WRITER}"
        )
    here, there = place_of(index), place_of(first[3])
    if first[2] == node and is_again(first[3], index):
        again = f"{here} is {there.partition(' of ')[0]} again" if here else "the second is the first again"
        return (
            f"items '{safe_text(first[1])}' and '{safe_text(key)}' have one output path, '{safe_text(path)}': "
            f"{again}; leave it out with --duplicates drop (duplicates='drop'), or make the path different per "
            "item, as in '{key}.jpg' or '{index}.jpg'"
        )
    return (
        f"items {_named(first, there)} and {_named(second, here)} have one output path, '{safe_text(path)}'; "
        f"make it different per item, as in {_PER_ITEM}"
    )


def _named(claim: Claim, place: str) -> str:
    told = ", ".join(filter(None, (claim[2], place)))
    return f"'{safe_text(claim[1])}'" + (f" ({told})" if told else "")
