"""What a node's fingerprint is made of: code, dependencies, parameters, and which reads what."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from creevey_graph.errors import GraphError, Undigestible
from creevey_graph.fingerprint.code import FORMAT, CodeFingerprint, fingerprint_function
from creevey_graph.fingerprint.files import digest_file
from creevey_graph.fingerprint.values import digest_value
from creevey_graph.node import Ref, map_refs, refs_in
from creevey_graph.outputs import OutputTemplate
from creevey_graph.step import Step

KEY_FORMAT = "key-1"
"""Changes whenever the same node would get another fingerprint."""


def code_part(node: str, step: Step[..., Any]) -> tuple[str, dict[str, Any]]:
    """
    Return what stands for a step's code and dependencies, and its ingredients as JSON-able data.

    Raises:
        GraphError: A file it depends on cannot be read.
    """
    if step.options.version is not None:
        code = CodeFingerprint(f"version {step.options.version}", {"version": step.options.version})
    else:
        code = fingerprint_function(step.func, with_defaults=False)
    depends: dict[str, str] = {}
    for dependency in step.options.depends_on:
        if isinstance(dependency, Path):
            depends[str(dependency)] = _file_dependency(node, dependency)
        else:
            found = fingerprint_function(dependency)
            depends[getattr(dependency, "__qualname__", repr(type(dependency)))] = found.digest
    parts = {
        "code": code.digest,
        "parts": dict(code.parts),
        "source": code.source,
        "depends": depends,
        "untracked": list(code.untracked),
    }
    return f"{code.digest};{sorted(depends.items())}", parts


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
    for parameter, value in arguments.items():
        if parameter == step.options.writes and template is not None:
            # The suffix chooses the encoder; the rest of the path does not change the bytes.
            digests[parameter] = f"suffix {template.suffix}"
            continue
        if parameter in step.options.ignore or isinstance(value, Ref):
            continue
        digest = _digest(map_refs(value, lambda leaf: "ref" if isinstance(leaf, Ref) else leaf))
        params[parameter] = [digest, _short(value)]
        digests[parameter] = digest
    return params, digests


def _digest(value: Any) -> str | None:
    def digest_callable(func: Callable[..., Any]) -> str:
        return fingerprint_function(func.func if isinstance(func, Step) else func).digest

    try:
        return digest_value(value, digest_callable=digest_callable)
    except Undigestible:
        return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line of a reason


def step_fingerprint(
    step: Step[..., Any],
    code: str,
    digests: Mapping[str, str | None],
    arguments: Mapping[str, Any],
) -> str:
    """Hash code, parameters and which parameter reads what, by place: never a node's name."""
    count = 0

    def place(leaf: Any) -> Any:
        nonlocal count
        if isinstance(leaf, Ref):
            count += 1
            return ("read", count)
        return leaf

    wiring = {
        parameter: str(map_refs(value, place)) if isinstance(value, Ref) else digests.get(parameter)
        for parameter, value in arguments.items()
        if parameter not in step.options.ignore
    }
    packed = [
        (parameter, [str(place(ref)) for ref in refs_in(value)])
        for parameter, value in arguments.items()
        if not isinstance(value, Ref)
    ]
    codec = step.options.codec.name if step.options.codec else ""
    text = "\n".join([KEY_FORMAT, FORMAT, code, repr(sorted(wiring.items())), repr(sorted(packed)), codec])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
