"""
One edit of the project of `edit_project.py`: what is changed, and which steps must run then.

The table stands in `edit_cases.py`.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

Change = tuple[str, str, str]
"""File, old text (once in it), new text; the file "*" stands for every Python file, old for a whole word."""


@attrs.frozen
class EditCase:
    """
    One edit.

    Args:
        name: What the table calls it.
        expected: Step -> items it must run for; steps that must not run are left out.
        changes: Edits of text.
        act: Any other edit; called with the project's folder after the changes.
        setup: Changes made before the first run.
        untracked: Part of the warning that must be given, where the edit cannot be seen; the result
            may then be stale.
        then_reverted: Whether the edit is run and then taken back; what counts is the run after that.
        ours_only: True for what only creevey_graph has a word for.
    """

    name: str
    expected: Mapping[str, int]
    changes: tuple[Change, ...] = ()
    act: Callable[[Path], None] | None = None
    setup: tuple[Change, ...] = ()
    untracked: str = ""
    then_reverted: bool = False
    ours_only: bool = False


def make_changes(texts: Mapping[str, str], changes: tuple[Change, ...]) -> dict[str, str]:
    """
    Return path -> text after *changes*.

    Raises:
        ValueError: An old text does not stand in its file exactly once.
    """
    changed = dict(texts)
    for file, old, new in changes:
        if file == "*":
            words = re.compile(rf"\b{old}\b")
            changed.update(
                {name: words.sub(new, text) for name, text in changed.items() if name[-3:] == ".py"}
            )
            continue
        if changed.get(file, "").count(old) != 1:
            raise ValueError(
                f"'{file}' must hold the text once (got {changed.get(file, '').count(old)}): {old}"
            )
        changed[file] = changed.get(file, "").replace(old, new)
    return changed


def in_steps(
    name: str, expected: Mapping[str, int], old: str, new: str, *, setup: tuple[Change, ...] = ()
) -> EditCase:
    return EditCase(name, expected, (("steps.py", old, new),), setup=setup)


def in_file(
    name: str, expected: Mapping[str, int], file: str, old: str, new: str, *, setup: tuple[Change, ...] = ()
) -> EditCase:
    return EditCase(name, expected, ((file, old, new),), setup=setup)


def input_file(folder: Path, stem: str) -> Path:
    return folder / "inputs" / f"{stem}.dat"


def output_file(folder: Path, stem: str) -> Path:
    return folder / "out" / f"{stem}.dat"


def edit_input(folder: Path) -> None:
    input_file(folder, "a").write_text("9 251 17 88 3 5 60", encoding="utf-8")


def edit_input_secretly(folder: Path) -> None:
    before = input_file(folder, "a").stat()
    edit_input(folder)
    os.utime(input_file(folder, "a"), ns=(before.st_atime_ns, before.st_mtime_ns))


def add_input(folder: Path) -> None:
    input_file(folder, "d").write_text("61 62 63 64 65", encoding="utf-8")


def copy_input(folder: Path) -> None:
    input_file(folder, "d").write_bytes(input_file(folder, "a").read_bytes())


def damage_output(folder: Path) -> None:
    output_file(folder, "a").write_text("by hand", encoding="utf-8")


def truncate_output(folder: Path) -> None:
    os.truncate(output_file(folder, "a"), 5)


def uses(expression: str, *before: Change) -> tuple[Change, ...]:
    """Return the changes that make `toned` use one more expression, whose value reaches the output."""
    return (*before, ("steps.py", "_flipped(8),", f"_flipped(8), {expression},"))


def decorated(options: str) -> tuple[Change, ...]:
    """Return the change that gives `toned` options of ours."""
    return (("steps.py", "@step\ndef toned", f'@step({options}, cache="always")\ndef toned'),)
