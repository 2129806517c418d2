"""Nothing is made under a name that others can foresee in a folder that they may write to."""

import ast
import os
import re
import sys
from pathlib import Path

from nursery import call
from programs import ROOT
from reference import draw_photos, small_set

MADE = {"mkdtemp", "TemporaryDirectory", "TemporaryFile", "mkstemp"}
"""Of `tempfile`: names nobody can foresee, mode 0700; the last only to be told in an error."""
OURS = re.compile(r"creevey-[a-z]+-[a-z0-9_]{8}")
PROBE = re.compile(r"[a-z0-9_]{8}")
"""What `tempfile` makes, and removes, to see whether a folder can be written to."""


def uses_of(tree):
    """Yield what a module takes of `tempfile`, and text of its code that names a shared folder."""
    texts = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "tempfile"
        ):
            yield node.attr
        if isinstance(node, ast.ImportFrom) and node.module == "tempfile":
            yield from (name.name for name in node.names)
        text = node.value if isinstance(node, ast.Constant) and id(node) not in texts else None
        if isinstance(text, str) and re.match(r"/(var/)?tmp\b|/dev/shm", text):
            yield text


def test_temporary_names_are_chosen_by_tempfile_alone():
    """No module names /tmp, and of `tempfile` none takes what gives a name before it makes the file."""
    found = {
        use: path.name
        for path in (ROOT / "creevey_graph").rglob("*.py")
        for use in uses_of(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert MADE == found.keys(), found


def test_the_search_finds_what_it_is_to_find():
    """A name in /tmp and `mktemp` are found; the same in a docstring is not."""
    tree = ast.parse(
        '"""In /tmp."""\nimport tempfile\nlock = "/tmp/creevey.lock"\nname = tempfile.mktemp()\n'
    )

    assert {"/tmp/creevey.lock", "mktemp"} == set(uses_of(tree))


def watched_run(_tell, photos, out, temporary, executor):
    """Run without a cache and with open rights; return what was made in the folder for temporary files, and how."""
    import tempfile

    made = []

    def note(event, arguments):
        if event in ("open", "os.mkdir") and isinstance(arguments[0], str):
            path = Path(arguments[0])
            if path.parent == Path(temporary):
                made.append([event, path.name, arguments[1]])

    os.environ["TMPDIR"], tempfile.tempdir = temporary, None
    os.umask(0)
    sys.addaudithook(note)
    report = small_set.run(photos, out=out, cache=False, executor=executor, jobs=2, progress=False)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in Path(temporary).iterdir()}
    return report.ok, made, modes


def test_a_run_makes_only_private_folders_in_the_place_for_temporary_files(tmp_path):
    """Whatever the umask: a folder of mode 0700 and of a name drawn at random, and nothing beside it."""
    (tmp_path / "temporary").mkdir()
    photos = draw_photos(tmp_path, 3)
    arguments = photos, tmp_path / "out", tmp_path / "temporary"
    for executor in ("serial", "processes"):
        ok, made, modes = call(watched_run, *arguments, executor).result()
        assert ok
        folders = [name for event, name, mode in made if event == "os.mkdir" and mode == 0o700]
        assert folders
        assert all(OURS.fullmatch(name) for name in folders)
        others = [name for event, name, _ in made if name not in folders]
        assert all(PROBE.fullmatch(name) for name in others), others
        assert set(modes.values()) <= {"0o700"}, modes
