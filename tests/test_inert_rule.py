"""
The lint rule of names from outside: one `safe_text`, one quoter for each language, nothing printed raw.

Every module is parsed. What is printed holds constants, numbers, and calls of functions that make text inert
(`INERT`), or stands in `KNOWN` with the reason; quoters of HTML and XML are imported in one place; DOT and
Mermaid are written in one module each; scripts of pages never turn text into markup. The rule is tried on
lines that break it, so that it is known to be able to fail.
"""

import ast
import re
from pathlib import Path

import pytest

import creevey_graph

PACKAGE = Path(creevey_graph.__file__).parent

INERT = {
    "safe_text",
    "short_path",
    "counted",
    "first_line",
    "plainly",
    "inert",
    "quoted",
    "len",
    "told",
    "origin_of",
}
"""Functions whose result holds no character that acts; `told` and `origin_of` are made of them."""
KNOWN = {
    (
        "views/progress.py",
        "text",
    ): "lines made by `told_failures` and `progress_line`, which tests hold inert",
    ("cli/tables.py", "plainly(part) if shown.is_ascii else part"): "lines that callers made inert",
    ("cli/tables.py", "json.dumps({'schema': SCHEMA, **data}, indent=2)"): "JSON in ASCII",
    ("cli/init.py", "FILE"): "a constant",
    ("cli/explore.py", "explorer.url"): "made of digits and a token",
}
QUOTERS = {"html": {"views/quoting.py", "views/markup.py"}, "xml": set(), "markupsafe": set()}
"""Module -> where it may be imported; `markup` takes `unescape`, to measure."""
WORDS = {
    "digraph": {"views/dot.py"},
    "subgraph ": {"views/dot.py", "views/mermaid.py"},
    "flowchart ": {"views/mermaid.py"},
}
"""What begins a language -> the modules that write it."""
TO_MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
)
READ_AS_MARKUP = {"live.js": ["DOMParser"]}
"""The drawing that `explore` sends anew, taken apart to known shapes and text before it is shown (its own tests)."""
PRINTERS = {"print", "echo", "secho"}


def find_problems(source, path):
    """Return what breaks the rule in a module, a line each."""
    problems = []
    for node in ast.walk(ast.parse(source)):
        problems += [
            f"{path}:{node.lineno}: {told}" for told in (*printed_raw(node, path), *misplaced(node, path))
        ]
    return problems


def printed_raw(node, path):
    """Yield the expressions that a call prints though nobody made them inert."""
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name not in PRINTERS:
        return
    for argument in node.args:
        for part in parts_of(argument):
            if not is_inert(part) and (path, ast.unparse(part)) not in KNOWN:
                yield f"prints {ast.unparse(part)!r}, which nobody made inert; pass it through safe_text"


def parts_of(node):
    """Yield what an f-string, or a sum of texts, is made of; else the expression itself."""
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from parts_of(part)
    elif isinstance(node, ast.FormattedValue):
        if node.conversion != ord("r") and not is_number_format(node.format_spec):
            yield from parts_of(node.value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from parts_of(node.left)
        yield from parts_of(node.right)
    else:
        yield node


def is_number_format(spec):
    return spec is not None and re.search("[dfg,%]'?$", ast.unparse(spec)) is not None


def is_inert(node):
    if isinstance(node, ast.Constant):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name in INERT or (name == "style" and all(is_inert(argument) for argument in node.args))


def misplaced(node, path):
    """Yield quoters that are imported elsewhere, and languages that are written elsewhere."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom) and not node.level:
        names = [node.module or ""]
    for name in names:
        home = QUOTERS.get(name.partition(".")[0])
        if home is not None and path not in home and name != "html.parser":
            yield f"imports {name}: text becomes HTML or XML by views.quoting alone"
    if isinstance(node, ast.JoinedStr):
        text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
        for word, home in WORDS.items():
            if text.lstrip().startswith(word) and path not in home:
                yield f"writes {word.strip()!r}: DOT and Mermaid have one module each"


MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES)
def test_a_module_prints_and_quotes_as_the_rule_says(path):
    """Nothing is printed that nobody made inert, and quoters stand in their homes."""
    assert [] == find_problems((PACKAGE / path).read_text(encoding="utf-8"), path)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.js")), ids=lambda path: path.name)
def test_a_script_of_a_page_never_makes_markup_of_text(path):
    """Data reaches the document as text and attributes only."""
    assert READ_AS_MARKUP.get(path.name, []) == TO_MARKUP.findall(path.read_text(encoding="utf-8"))


def test_there_are_scripts_to_hold():
    """A law over an empty list would hold always."""
    assert list(PACKAGE.rglob("*.js"))


def test_every_exception_is_still_needed():
    """An exception for what is no longer there would let the next one in."""
    for path, expression in KNOWN:
        tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
        parts = [
            ast.unparse(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            for argument in node.args
            for part in parts_of(argument)
        ]
        assert expression in parts, (path, expression)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("print(name)", "prints 'name'"),
        ("print(f'no {path}', file=stream)", "prints 'path'"),
        ("click.echo(f'wrote {path}')", "prints 'path'"),
        ("click.echo('wrote ' + str(path))", "prints 'str(path)'"),
        ("click.secho(exc.args[0], fg='red')", "prints 'exc.args[0]'"),
        ("click.echo(click.style(name))", "prints 'click.style(name)'"),
        ("click.echo(f'{path!s:>20}')", "prints 'path'"),
        ("from html import escape", "imports html"),
        ("import html", "imports html"),
        ("from xml.sax.saxutils import escape", "imports xml"),
        ("x = f'digraph {name} {{'", "writes 'digraph'"),
        ("x = f'  subgraph {name}'", "writes 'subgraph'"),
    ],
)
def test_the_rule_finds_what_breaks_it(source, problem):
    """One line for each way to let a name act."""
    found = find_problems(source, "cli/run.py")

    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "source",
    [
        "print('all', len(rows))",
        "click.echo(f'{count:,} rows in {seconds:.1f} s: {safe_text(name)}')",
        "click.echo(f'{name!r}')",
        "click.echo(click.style('error:', fg='red') + safe_text(text))",
        "from html.parser import HTMLParser",
    ],
)
def test_the_rule_lets_pass_what_is_inert(source):
    """Constants, numbers, and what `safe_text` made."""
    assert [] == find_problems(source, "cli/run.py")
