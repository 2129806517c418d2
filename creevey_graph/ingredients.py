"""What a node's fingerprint is made of: code, dependencies, parameters, and which reads what."""

import functools
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.cache import Accepted, part_now
from creevey_graph.errors import GraphError, SourceChanged, SourceError, Undigestible
from creevey_graph.fields import safe_repr
from creevey_graph.fingerprint.code import FORMAT, fingerprint_function
from creevey_graph.fingerprint.facts import CodeFingerprint
from creevey_graph.fingerprint.files import digest_file, is_file_value
from creevey_graph.fingerprint.modules import is_user_module
from creevey_graph.fingerprint.tokens import type_name
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.node import Ref, map_refs, refs_in
from creevey_graph.outputs import OutputTemplate
from creevey_graph.step import Step

KEY_FORMAT = "key-2"
_EFFORT_DIGITS = 4
"""Changes whenever the same node would get another fingerprint."""


@attrs.frozen
class Place:
    """
    Stands in an argument for the value of a node: which of the values that the step reads.

    Args:
        n: 1 for the first one read.
    """

    n: int


def code_part(node: str, step: Step[..., Any]) -> dict[str, Any]:
    """
    Return the ingredients of a step's code and dependencies, as JSON-able data.

    Raises:
        GraphError: A file it depends on cannot be read.
    """
    if step.options.version is not None:
        version = step.options.version
        code = CodeFingerprint(
            f"version {version} of {_place_of(step.func)}", {"version": version}, sources={"version": version}
        )
    else:
        code = fingerprint_function(step.func, with_defaults=False)
    depends: dict[str, str] = {}
    sources, files = dict(code.sources), dict(code.files)
    for dependency in step.options.depends_on:
        if isinstance(dependency, Path):
            depends[str(dependency)] = _file_dependency(node, dependency)
        else:
            found = fingerprint_function(dependency)
            name = _free_name(dependency, depends)
            depends[name] = found.digest
            sources[f"depends on {name}"] = found.source
            for part, file in found.files.items():
                files[f"depends on {name}" if part == "source" else f"depends on {name}: {part}"] = file
    return {
        "code": code.digest,
        "parts": dict(code.parts),
        "sources": sources,
        "via": dict(code.via),
        "files": files,
        "depends": depends,
        "untracked": [text for text in code.untracked if not _is_named(step, text)],
    }


def part_of(made_of: Mapping[str, Any]) -> str:
    """Return the text that stands for code and dependencies, of their ingredients."""
    return f"{made_of['code']};{sorted(made_of['depends'].items())}"


def as_accepted(made_of: Mapping[str, Any], accepted: Mapping[str, Accepted]) -> tuple[str, dict[str, Any]]:
    """
    Return code part and ingredients as they count: where an edit was accepted, those before it.

    Args:
        made_of: Ingredients of the code as it is.
        accepted: Code part -> what it counts as.
    """
    part = part_of(made_of)
    entry = accepted.get(part)
    if entry is None:
        return part_now(part, accepted), dict(made_of)
    told = {"part": part, "node": entry.node, "at": entry.at}
    return part_now(entry.part, accepted), {
        **entry.made_of,
        "untracked": made_of["untracked"],
        "accepted": told,
    }


def _place_of(func: Callable[..., Any]) -> str:
    """
    Return where a function is from, so that two steps of one version differ.

    A script is the same one where it is imported.
    """
    func = inspect.unwrap(func)
    while isinstance(func, functools.partial):
        func = inspect.unwrap(func.func)
    named = func if hasattr(func, "__qualname__") else type(func)
    module = str(getattr(named, "__module__", ""))
    if module in {"__main__", "__mp_main__"}:
        scope = getattr(func, "__globals__", {})
        spec = getattr(scope.get("__spec__"), "name", None)  # where it runs by `python -m`
        module = spec or Path(str(scope.get("__file__", module))).stem
    return f"{module}.{named.__qualname__}"


def _free_name(dependency: Callable[..., Any], taken: Mapping[str, str]) -> str:
    named = dependency if hasattr(dependency, "__qualname__") else type(dependency)
    name = named.__qualname__
    if name in taken:
        name = f"{named.__module__}.{name}"
    return f"{name} ({len(taken) + 1})" if name in taken else name


def _file_dependency(node: str, path: Path) -> str:
    try:
        return digest_file(path)[0]
    except OSError as exc:
        raise GraphError(
            f"node '{node}': depends_on file '{path}' cannot be read ({exc.strerror or exc})"
        ) from exc


def params_part(
    arguments: Mapping[str, Any], step: Step[..., Any], template: OutputTemplate | None
) -> tuple[dict[str, list[str | None]], dict[str, str | None]]:
    """Return parameter -> [digest, text] for reasons, and parameter -> digest for the fingerprint."""
    params: dict[str, list[str | None]] = {}
    digests: dict[str, str | None] = {}
    count = 0

    def place(leaf: Any) -> Any:
        nonlocal count
        if isinstance(leaf, Ref):
            count += 1
            return Place(count)
        return leaf

    for parameter, value in arguments.items():
        placed = map_refs(value, place)  # also where ignored: it is read all the same
        if parameter == step.options.writes and template is not None:
            # The suffix chooses the encoder; the rest of the path does not change the bytes.
            digests[parameter] = f"suffix {template.suffix}"
            continue
        if parameter in step.options.ignore:
            continue
        if isinstance(value, Ref):
            digests[parameter] = f"read {placed.n}"
            continue
        digest = _digest(placed)
        params[parameter] = [digest, _short(value)]
        digests[parameter] = digest
    return params, digests


def effort_part(arguments: Mapping[str, Any], step: Step[..., Any]) -> str | None:
    """
    Return what stands for the parameters of a download that do not change its bytes, but whether they come.

    A failure for good (401, too large) is one for these alone: a token, or a larger cap, is a reason to try
    again. Few digits: they are stored, and must not give a token away.

    Returns:
        "" for other steps; None where one is of the item, or has no digest.
    """
    if not step.options.downloads:
        return ""
    ignored = {name: arguments[name] for name in sorted(step.options.ignore) if name in arguments}
    digest = None if any(refs_in(ignored)) else _digest(ignored)
    return None if digest is None else digest[:_EFFORT_DIGITS]


def _digest(value: Any) -> str | None:
    def digest_callable(func: Callable[..., Any]) -> str:
        return fingerprint_function(func.func if isinstance(func, Step) else func).digest

    classes: set[type] = set()
    try:
        digest = digest_value(value, digest_callable=digest_callable, classes=classes)
        # What their methods do, and what the files hold: the value has names and paths only.
        users = sorted((kind for kind in classes if _is_of_user(kind)), key=type_name)
        parts = [fingerprint_function(kind).digest for kind in users]
        # Text by itself may be the name of a file, as an item's is: `open(weights)` would not be seen.
        named = [value] if isinstance(value, str) and is_file_value(value) else _paths_in(value)
        parts += [_content(path) for path in named]
    except (Undigestible, SourceChanged):
        return None
    return hashlib.sha256("\n".join([digest, *parts]).encode()).hexdigest() if parts else digest


def _is_of_user(kind: type) -> bool:
    return kind is not Place and is_user_module(kind.__module__)


def _paths_in(value: Any) -> Iterator[Path]:
    """Yield the paths in an argument that could be digested, so that no container holds itself."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _paths_in(pair)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _paths_in(part)
    elif isinstance(value, set | frozenset):
        yield from sorted(path for part in value for path in _paths_in(part))


def _content(path: Path | str) -> str:
    """Return the digest of a file; of a folder, and of what is not there, the path alone counts."""
    try:
        return digest_file(path)[0]
    except SourceChanged:
        raise
    except (SourceError, OSError, ValueError):
        return "no file"


def _short(value: Any) -> str:
    text = safe_repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line of a reason


def step_fingerprint(
    step: Step[..., Any],
    code: str,
    digests: Mapping[str, str | None],
    arguments: Mapping[str, Any],
) -> str:
    """Hash code, parameters and which parameter reads what, by place: never a node's name."""
    wiring = {
        parameter: digests.get(parameter) for parameter in arguments if parameter not in step.options.ignore
    }
    codec = step.options.codec.name if step.options.codec else ""
    text = "\n".join([KEY_FORMAT, FORMAT, code, repr(sorted(wiring.items())), codec])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_named(step: Step[..., Any], untracked: str) -> bool:
    """True where `depends_on=` was given for a step that reads files: the remedy ends the notice."""
    return bool(step.options.depends_on) and untracked.startswith("the file of ")
