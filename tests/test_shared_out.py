"""Two graphs that write to one folder."""

from pathlib import Path

from creevey_graph import graph, step


@step(writes="path")
def copy_text(source: Path, path: Path) -> Path:
    path.write_text(source.read_text())
    return path


@step(writes="path")
def copy_loud(source: Path, path: Path) -> Path:
    path.write_text(source.read_text().upper())
    return path


def make(name, writer, template):
    @graph(name=name)
    def made(source: Path):
        return {"file": writer(source, template)}

    return made


def test_prune_leaves_what_another_graph_stands_behind(go, tmp_path):
    """A file that two graphs write is no orphan of one of them while the other still has its item."""
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(name)
    both = [tmp_path / "a.txt", tmp_path / "b.txt"]
    one, other = make("one", copy_text, "{stem}.out"), make("other", copy_text, "{stem}.out")
    go(one, both)
    go(other, both)

    report = go(one, both[:1], prune=True)

    assert report.pruned == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.out", "b.out"]


def test_graphs_of_one_name_in_two_files_do_not_prune_each_other(go, tmp_path):
    """Graphs are told apart by the file they stand in, too."""
    (tmp_path / "a.txt").write_text("a")
    names = {}
    for home, folder in (("cats", "x"), ("dogs", "y")):
        code = (
            "from pathlib import Path\nfrom creevey_graph import graph\n"
            f"def made(copy):\n    @graph\n    def main(source: Path):\n"
            f"        return {{'file': copy(source, '{folder}/{{stem}}.out')}}\n    return main\n"
        )
        names[home] = {}
        exec(compile(code, str(tmp_path / f"{home}.py"), "exec"), names[home])
    go(names["cats"]["made"](copy_text), [tmp_path / "a.txt"])

    report = go(names["dogs"]["made"](copy_loud), [tmp_path / "a.txt"], prune=True)

    assert report.pruned == 0
    assert (tmp_path / "out" / "x" / "a.out").read_text() == "a"
