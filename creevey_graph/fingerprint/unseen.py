"""
What a function does that its tree does not show: named, so that it can be told, never guessed at.

Looked for: attributes by a computed name, code from text, imports by a computed name, the
namespaces as a whole, variables of the environment, and files read from a place that no argument names.
"""

import ast
from collections.abc import Iterator

_ENVIRONMENT = ("os.environ", "environ")
_PLACES = (*_ENVIRONMENT, "sys.modules")
_NAMESPACES = frozenset({"globals", "locals", "vars"})
_CODE = frozenset({"eval", "exec", "compile"})
_IMPORTS = frozenset({"__import__", "import_module"})
_READERS = frozenset(
    {"open", "read_text", "read_bytes", "imread", "fromfile", "loadtxt", "genfromtxt", "memmap"}
    | {"read_csv", "read_parquet", "read_json", "getenv", "listdir", "scandir", "glob", "rglob", "iterdir"}
)
_MAKERS = frozenset({"with_suffix", "with_name", "with_stem", "joinpath"})
_IN_MEMORY = frozenset({"BytesIO", "StringIO"})


def unseen_in(function: ast.AST) -> list[str]:
    """
    Return what cannot be seen through in *function*, each as it stands in the code, in order.

    >>> tree = ast.parse("def f(image): return getattr(tools, name)(image, open('lut.txt'))")
    >>> unseen_in(tree.body[0])
    ['getattr(tools, name)', "the file of open('lut.txt')"]
    """
    local = set(_local_names(function)) - set(_made_names(function))
    found: dict[str, None] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            text = _unseen_call(node, local)
        elif isinstance(node, ast.Subscript | ast.Compare):
            text = _unseen_lookup(node)
        else:
            continue
        if text:
            found[text] = None
    return sorted(found, key=list(found).index)


def _unseen_lookup(node: ast.Subscript | ast.Compare) -> str:
    places = [node.value] if isinstance(node, ast.Subscript) else node.comparators
    return _short(node) if any(_dotted(place) in _PLACES for place in places) else ""


def _unseen_call(call: ast.Call, local: set[str]) -> str:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    is_plain = isinstance(call.func, ast.Name)
    if name == "getattr" and is_plain and len(call.args) > 1 and not _is_text(call.args[1]):
        return _short(call)
    if is_plain and name in _CODE | _NAMESPACES and not (name == "vars" and call.args):
        return _short(call)
    if name in _IMPORTS and call.args and not _is_text(call.args[0]):
        return _short(call)
    if isinstance(call.func, ast.Attribute) and _dotted(call.func.value) in _ENVIRONMENT:
        return _short(call)
    if (name in _READERS or _is_load(call)) and not _is_fed(call, local) and not _only_writes(call):
        return f"the file of {_short(call)}"
    return ""


def _is_fed(call: ast.Call, local: set[str]) -> bool:
    """True where an argument or a local value says what is read: then the key knows of it."""
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    parts: list[ast.expr] = [*call.args[:1], *([receiver] if receiver is not None else [])]
    if any(_is_made(part) for part in parts):
        return False
    names = {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}
    if isinstance(receiver, ast.Name) and call.args and receiver.id not in local:
        names.discard(receiver.id)  # a module: Image.open(…), np.fromfile(…)
    return bool(names & local) or not parts


def _is_load(call: ast.Call) -> bool:
    """True of `np.load(path)` and its like; what is opened in the call itself is looked at by itself."""
    is_load = isinstance(call.func, ast.Attribute) and call.func.attr == "load"
    return is_load and bool(call.args) and not isinstance(call.args[0], ast.Call)


def _only_writes(call: ast.Call) -> bool:
    modes = [*call.args[:2], *(word.value for word in call.keywords if word.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    return any(set(text) <= set("wxabt") and set(text) & set("wxa") for text in texts)


def _is_made(path: ast.expr) -> bool:
    """True of a path that is made of another, `photo.with_suffix(".txt")`: the key knows of that other one alone."""
    for node in ast.walk(path):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) in _IN_MEMORY
        ):
            return False
    return any(
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div | ast.Mod))
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and (node.func.attr in _MAKERS or _dotted(node.func) in ("os.path.join", "path.join"))
        )
        for node in ast.walk(path)
    )


def _made_names(function: ast.AST) -> Iterator[str]:
    """Yield the local names that are given nothing but paths that are made of others."""
    given: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    given.setdefault(target.id, []).append(node.value)
    parameters = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    yield from (
        name for name, values in given.items() if name not in parameters and all(map(_is_made, values))
    )


def _local_names(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _dotted(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except (ValueError, RecursionError):
        return ""


def _short(node: ast.expr) -> str:
    text = _dotted(node)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a line of a notice
