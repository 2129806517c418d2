"""Where outputs go, when they are there, and what is no output."""

from pathlib import Path

import pytest
from runs import NUMBERS, draw, fail_from, outcomes, save_text, text_in
from witness import outputs_of

from creevey_graph import SkipItem, graph, step
from creevey_graph.images import load_image, write_image


def test_digest_templates_and_callables_name_outputs(go, photos, tmp_path):
    """{digest} follows the content, a callable sees the item; both are no-ops the second time."""

    @graph
    def named_twice(photo: Path):
        image = load_image(photo)
        return {
            "by_digest": write_image(image, "d/{digest}.png"),
            "by_call": write_image(image, lambda item: f"c/{item.index}-{Path(item.source).stem}.png"),
        }

    report = go(named_twice, photos)

    out = outputs_of(tmp_path / "out")
    assert {"c/0-a.png", "c/1-b.png", "c/2-c.png"} < set(out)
    assert len({row.fields["by_digest"] for row in report.rows}) == 3
    assert not go(named_twice, photos).executed
    draw(photos / "a.png", 99)
    changed = go(named_twice, photos)
    assert changed.rows[0].fields["by_digest"] != report.rows[0].fields["by_digest"]
    assert (report.rows[0].fields["by_digest"],) == changed.orphans


def test_an_item_without_a_digest_cannot_be_named_by_it(go):
    """object() in {digest} would give two items one path; it is a failed row that says what to use."""

    @graph
    def undigestible(value):
        return {"file": save_text(step(lambda _: 1, name="one")(value), "{digest}.txt")}

    report = go(undigestible, [{"value": object()}])

    assert "has no digest for {digest}" in report.failed[0].error


def test_a_writer_that_writes_nothing_fails_with_a_clear_text(go, tmp_path):
    """The row names the step; a link is no file either."""
    lazy = step(lambda _number, path: None, name="lazy", writes="path")  # noqa: ARG005
    links = step(lambda _number, path: path.symlink_to("/etc/hostname"), name="links", writes="path")

    for writer in (lazy, links):

        @graph
        def writes(number: int, *, writer=writer):
            return {"file": writer(number, "{key}.txt")}

        report = go(writes, NUMBERS[:1])
        assert f"step '{writer.name}' wrote nothing at the path it was given" in report.failed[0].error
        assert {} == outputs_of(tmp_path / "out")


@step
def fail_if(text: str, *, least: int) -> str:
    if int(text.rsplit(maxsplit=1)[-1]) >= least:
        raise ValueError("too much")
    return text


@graph
def reading_back(number: int, *, least: int = 99):
    path = save_text(fail_from(number), "{key}.txt")
    return {"read": fail_if(text_in(path), least=least)}


def test_what_a_writer_wrote_can_be_read_by_a_later_step(go):
    """The reader is given the output's path in the output folder, cold, cached and with another parameter."""
    expected = ["0.txt 0", "1.txt 1"]

    assert expected == [row.fields["read"] for row in go(reading_back, NUMBERS[:2]).rows]
    assert expected == [row.fields["read"] for row in go(reading_back, NUMBERS[:2]).rows]
    assert expected == [row.fields["read"] for row in go(reading_back.bind(least=50), NUMBERS[:2]).rows]


@pytest.mark.parametrize("skips", [True, False])
def test_an_output_that_is_read_by_a_step_goes_again_when_the_item_ends_badly(go, tmp_path, skips):
    """Outputs of an item appear together or not at all, also where one had to be there early."""

    def refuse(text: str) -> str:
        raise SkipItem("no") if skips else ValueError("no")

    refuses = step(refuse, name="refuses")

    @graph
    def early(number: int):
        return {"read": refuses(text_in(save_text(number, "{key}.txt")))}

    report = go(early, NUMBERS[:2])

    assert ["skipped" if skips else "failed"] * 2 == outcomes(report)
    assert {} == outputs_of(tmp_path / "out")
    assert () == report.orphans


@pytest.mark.parametrize("name", ["{stem}.txt", "sub/{stem}.v1.txt", "{stem}"])
@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_writers_message_names_its_output_and_no_temporary_file(tmp_path, name, executor):
    """Error and traceback name the path that the writer was to write; what else it names stays."""

    @step(writes="path")
    def fails(photo: Path, path: Path) -> Path:
        other = path.with_name("other.txt")
        raise OSError(f"cannot write {str(path)!r}, {path.with_suffix('.tmp')} or {other} of {photo.name}")

    @graph
    def written(photo: Path) -> None:
        fails(photo, name)

    photo = tmp_path / "a.png"
    photo.write_bytes(b"")
    row = written.run([photo], out=tmp_path / "out", cache=False, executor=executor, progress=False).rows[0]

    target = tmp_path / "out" / name.format(stem="a")
    told = f"cannot write {str(target)!r}, {target.with_suffix('.tmp')} or {target.with_name('other.txt')} of a.png"
    assert row.error == f"OSError: {told}"
    assert row.traceback is not None
    assert row.traceback.endswith(f"{told}\n")
    assert ".creevey-tmp-" not in row.traceback
