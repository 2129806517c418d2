"""What becomes of items that fail, are skipped, run out of time or change while they are read."""

import os
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from runs import EXECUTORS, NUMBERS, counted, draw, failing, outcomes, save_text, thumbs, writing
from witness import Witness, age, outputs_of

from creevey_graph import Cache, RunFailed, RunInterrupted, SkipItem, UsageError, graph, step
from creevey_graph.images import load_image, write_image

# --- failures and skips ------------------------------------------------------------------------


@pytest.mark.parametrize("executor", EXECUTORS)
def test_one_truncated_photo_is_one_failed_row_and_is_tried_again(go, photos, tmp_path, executor):
    """The others are done; the next run tries the bad one again, and once it is mended only that one."""
    whole = (photos / "b.png").read_bytes()
    (photos / "b.png").write_bytes(whole[:-300])

    for _ in range(2):
        report = go(thumbs, photos, executor=executor)
        assert report.counts["failed"] == 1
        assert report.failed[0].key == "b.png"
        assert report.failed[0].step == "load_image"
        assert {"a.png", "c.png"} == set(outputs_of(tmp_path / "out"))
    assert "failed last time" == report.failed[0].reason
    (photos / "b.png").write_bytes(whole)

    report = go(thumbs, photos, executor=executor)

    assert ["cached", "done", "cached"] == outcomes(report)


@step
def large_only(image: Image.Image, *, least_px: int = 50) -> Image.Image:
    if image.width < least_px:
        raise SkipItem(f"smaller than {least_px} px")
    return image


@graph
def large(photo: Path, *, least_px: int = 30):
    return {"file": write_image(large_only(load_image(photo), least_px=least_px), "{stem}.png")}


def test_a_skipped_item_says_step_and_reason_and_stays_skipped_without_a_call(go, photos, tmp_path):
    """The row names step and reason, no output is left, and a second run executes nothing and says the same."""
    draw(photos / "b.png", 9, size=(20, 20))

    first = go(large, photos)
    second = go(large, photos)

    for report in (first, second):
        assert ["skipped", str(report.rows[0].outcome)] == sorted(
            [str(report.rows[1].outcome), str(report.rows[0].outcome)], reverse=True
        )
        assert ("large_only", "smaller than 30 px") == (report.rows[1].step, report.rows[1].error)
        assert () == report.rows[1].outputs
    assert not second.executed
    assert second.rows[1].reason is None
    assert {"a.png", "c.png"} == set(outputs_of(tmp_path / "out"))


def test_a_skipped_item_is_still_skipped_by_stats_alone(go, photos, monkeypatch):
    """With old files a skipped item needs no look-up and no reading, whatever the template asks."""
    age(monkeypatch)
    skipping = step(skip_all, name="skipping")

    @graph
    def none(photo: Path):
        return {"file": write_image(skipping(load_image(photo)), "{index}.png")}

    go(none, photos)
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.lookup")
    counted(monkeypatch, calls, "creevey_graph.fingerprint.files._read_whole")

    report = go(none, photos)

    assert ["skipped"] * 3 == outcomes(report)
    assert Counter() == calls


def skip_all(image: Image.Image) -> Image.Image:
    raise SkipItem("all of them")


def test_a_skipped_item_is_looked_at_again_when_it_or_the_step_changes(go, photos):
    """Another picture or another limit may be let through."""
    draw(photos / "b.png", 9, size=(20, 20))
    go(large, photos)

    assert ["done"] * 3 == outcomes(go(large.bind(least_px=10), photos))
    assert ["cached", "skipped", "cached"] == outcomes(go(large.bind(least_px=30), photos))
    draw(photos / "b.png", 9, size=(44, 44))
    assert ["cached", "done", "cached"] == outcomes(go(large, photos))


def test_a_former_output_of_an_item_that_is_skipped_now_is_an_orphan(go, photos, tmp_path):
    """It is listed in every run until prune deletes it, and status says the same."""
    go(large, photos)

    for _ in range(2):
        report = go(large.bind(least_px=100), photos)
        assert ("a.png", "b.png", "c.png") == report.orphans
    plan = large.bind(least_px=100).plan(photos, out=tmp_path / "out", cache=tmp_path / "cache")
    assert ("a.png", "b.png", "c.png") == plan.orphans
    assert plan.to_do == 0

    report = go(large.bind(least_px=100), photos, prune=True)

    assert () == report.orphans
    assert {} == outputs_of(tmp_path / "out")


def test_prune_deletes_what_gone_items_left_and_nothing_else(go, photos, tmp_path):
    """Outputs of gone items go; a file of the user's, an edited output and a failed item's output stay."""
    draw(photos / "d.png", 4)
    go(thumbs, photos)
    out = tmp_path / "out"
    (out / "mine.txt").write_text("the user's")
    (out / "d.png").write_bytes(b"edited by the user")
    for name in ("a.png", "d.png"):
        (photos / name).unlink()
    (photos / "b.png").write_bytes(b"no picture any more")

    listed = go(thumbs, photos).orphans
    report = go(thumbs, photos, prune=True)

    assert ("a.png",) == listed
    assert () == report.orphans
    assert {"b.png", "c.png", "d.png", "mine.txt"} == set(outputs_of(out))


def test_an_output_of_an_older_template_is_an_orphan_until_it_is_pruned(go, tmp_path, monkeypatch):
    """After a change of the template the old file is listed, in later runs too, and prune deletes it."""
    age(monkeypatch)
    named("{key}.txt", go)
    for _ in range(3):
        assert ("1.txt",) == named("n-{key}.txt", go).orphans
    named("n-{key}.txt", go, prune=True)

    assert ["n-1.txt"] == list(outputs_of(tmp_path / "out"))


def named(template, go, **options):
    @graph
    def texts(number: int):
        return {"file": save_text(number, template)}

    return go(texts, [{"number": 1}], **options)


def test_a_planted_path_in_the_index_is_never_deleted(go, tmp_path):
    """Prune takes no path from the index that leads out of the output folder."""
    from creevey_graph.cache import FileState, Index, ItemState, encode_state
    from creevey_graph.fingerprint.files import Stat, digest_file
    from creevey_graph.look import scope_of

    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    named("{key}.txt", go)
    index = Index(tmp_path / "cache", scope_of("texts", tmp_path / "out", "test_run_failures"))
    for path in ("../victim.txt", str(victim)):
        state = FileState.seen(path, Stat.of(victim), digest_file(victim)[0], 0)
        index.put([(path, encode_state(ItemState("g", "v", outputs=(state,))))])
    index.close()

    assert () == named("{key}.txt", go, prune=True).orphans
    assert victim.exists()


def test_on_error_continue_records_every_failure_and_goes_on(go):
    """All eight rows are there, five of them failed, with the text of the error and a traceback."""
    report = go(failing, NUMBERS)

    assert ["done"] * 3 + ["failed"] * 5 == outcomes(report)
    assert "ValueError: 3 is 3 or more" == report.failed[0].error
    assert "fail_from" in report.failed[0].traceback
    assert not report.ok
    with pytest.raises(RunFailed, match="5 of 8 items failed; first: 3 in step 'fail_from'"):
        report.raise_for_failures()


@pytest.mark.parametrize(
    ("options", "why"), [({"on_error": "stop"}, "on_error"), ({"max_failures": 2}, "max")]
)
def test_a_run_that_stops_keeps_its_report_and_cancels_the_rest(go, options, why):
    """What was done stays done, the rest is cancelled, and the next run makes only that."""
    report = go(failing, NUMBERS, **options)

    failed = 2 if why == "max" else 1
    assert ["done"] * 3 + ["failed"] * failed + ["cancelled"] * (5 - failed) == outcomes(report)
    assert why in report.stopped
    assert not report.ok

    again = go(failing.bind(least=99), NUMBERS)
    assert ["done"] * 8 == outcomes(again)


def test_on_error_raise_raises_and_brings_the_report(go):
    """RunFailed names item, step and error, and holds a report with a row for every item."""
    with pytest.raises(RunFailed, match="item '3' failed in step 'fail_from': ValueError") as caught:
        go(failing, NUMBERS, on_error="raise")

    report = caught.value.report
    assert ["done"] * 3 + ["failed"] + ["cancelled"] * 4 == outcomes(report)
    assert report.finished


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_ctrl_c_ends_the_run_with_a_report_and_the_next_run_goes_on(go, executor, tmp_path):
    """RunInterrupted holds the report; what was done is not made again, nothing temporary is left."""
    witness = Witness()

    def interrupt(event):
        witness(event)
        if len(witness.rows) == 3 and witness.end is None:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted) as caught:
        go(writing, NUMBERS, executor=executor, jobs=1, listeners=[interrupt])
    report = caught.value.report
    assert report.interrupted
    assert len(report.rows) == 8
    done = report.counts["done"]
    assert 2 <= done < 8
    assert done <= len(outputs_of(tmp_path / "out")) <= 8
    assert not any(name.startswith(".") for name in outputs_of(tmp_path / "out"))

    again = go(writing, NUMBERS)
    assert again.ok
    assert sum(again.executed.values()) <= 8 - done + 1


def test_ctrl_c_inside_a_step_leaves_nothing_half_written(go, tmp_path):
    """The temporary file of a writer that is interrupted is removed."""

    @step(writes="path")
    def interrupted(number: int, path: Path) -> Path:
        path.write_text("half")
        if number == 2:
            raise KeyboardInterrupt
        return path

    @graph
    def writes(number: int):
        return {"file": interrupted(number, "{key}.txt")}

    with pytest.raises(RunInterrupted):
        go(writes, NUMBERS)

    assert ["0.txt", "1.txt"] == list(outputs_of(tmp_path / "out"))


def test_retries_call_again_and_then_give_up(go):
    """retries=2 is three calls at most; an item that succeeds at the third is done."""
    calls = Counter()

    @step(retries=2)
    def flaky(number: int, *, needed: int = 3) -> int:
        calls[number] += 1
        if calls[number] < needed + number:
            raise OSError("not yet")
        return number

    @graph
    def retrying(number: int):
        return {"number": flaky(number)}

    report = go(retrying, NUMBERS[:2])

    assert ["done", "failed"] == outcomes(report)
    assert {0: 3, 1: 3} == calls


def test_skip_item_is_not_retried(go):
    """A step that leaves an item out is called once."""
    calls = []

    @step(retries=3)
    def skipping(number: int) -> int:
        calls.append(number)
        raise SkipItem("no")

    @graph
    def skips(number: int):
        return {"number": skipping(number)}

    assert ["skipped"] == outcomes(go(skips, NUMBERS[:1]))
    assert [0] == calls


def test_a_step_over_its_time_limit_fails_and_a_late_write_spoils_nothing(go, tmp_path):
    """A try that ran out of time goes on writing to a file of its own; the retry's is what is put in place."""
    late, calls = threading.Event(), []

    @step(writes="path", retries=1, timeout_s=0.2)
    def slow(number: int, path: Path) -> Path:
        calls.append(path)
        if len(calls) == 1:
            late.wait(20)
            path.write_text("late")
            late.clear()
            return path
        path.write_text(f"number {number}")
        late.set()
        while late.is_set():
            time.sleep(0.001)
        return path

    @graph
    def slowly(number: int):
        return {"file": slow(number, "{key}.txt")}

    report = go(slowly, NUMBERS[:1])

    assert ["done"] == outcomes(report)
    assert (tmp_path / "out" / "0.txt").read_text() == "number 0"
    assert calls[0] != calls[1]


def test_a_time_limit_is_told(go):
    """The error names step, limit and remedy."""
    never = threading.Event()
    waits = step(lambda _number: never.wait(30), name="waits", timeout_s=0.05)

    @graph
    def waiting(number: int):
        return {"waited": waits(number)}

    report = go(waiting, NUMBERS[:1])
    never.set()

    assert "StepTimeout: step 'waits' ran longer than timeout_s=0.05" in report.failed[0].error


def test_an_error_that_cannot_be_shown_is_still_one_failed_row(go):
    """Whatever an exception's text does, and however long it is, it costs its item alone."""

    class Unshowable(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    def fail(number):
        raise Unshowable if number == 1 else ValueError("x" * 10**6)

    failing_badly = step(fail, name="failing_badly")

    @graph
    def badly(number: int):
        return {"number": failing_badly(number)}

    report = go(badly, NUMBERS[:2])

    assert ["failed", "failed"] == outcomes(report)
    assert len(report.rows[0].error) < 3000
    assert "Unshowable" in report.rows[1].error


def test_a_full_disk_costs_the_items_it_hits(go, tmp_path, monkeypatch):
    """A temporary file that cannot be written fails its item; the run goes on and nothing is left."""
    real = Path.write_text

    def write(path, text, **options):
        if text == "3":
            real(path, "ha", **options)
            raise OSError(28, "No space left on device")
        return real(path, text, **options)

    monkeypatch.setattr(Path, "write_text", write)

    report = go(writing, NUMBERS)

    assert ["3"] == [row.key for row in report.failed]
    assert "No space left" in report.failed[0].error
    assert {f"{n}.txt" for n in range(8) if n != 3} == set(outputs_of(tmp_path / "out"))


# --- files in motion ---------------------------------------------------------------------------


def changing_reader(calls, times):
    """Return a step that reads its file and then, the first *times*, has it changed."""

    def read(photo: Path) -> str:
        text = photo.read_text()
        if calls["changes"] < times:
            calls["changes"] += 1
            photo.write_text(f"version {calls['changes']}")
        return text

    return step(read, name="reads", by_content=True)


@pytest.mark.parametrize("ending", ["done", "skipped", "failed"])
def test_a_file_that_changes_while_it_is_read_is_read_again(go, tmp_path, ending):
    """The item is done anew, and what was made of the old content is nowhere in cache or report."""
    calls = Counter()
    (tmp_path / "a.txt").write_text("version 0")
    reads = changing_reader(calls, 1)

    def end(text: str) -> str:
        if ending == "skipped":
            raise SkipItem(text)
        if ending == "failed":
            raise ValueError(text)
        return text

    ends = step(end, name="ends", cache="never")

    @graph
    def moving(photo: Path):
        return {"text": ends(reads(photo))}

    row = go(moving, [tmp_path / "a.txt"]).rows[0]

    assert ending == str(row.outcome)
    assert "version 1" in (row.fields.get("text") or row.error)
    (tmp_path / "a.txt").write_text("version 0")
    row = go(moving, [tmp_path / "a.txt"]).rows[0]
    assert "version 0" in (row.fields.get("text") or row.error)
    (tmp_path / "a.txt").write_text("version 1")
    row = go(moving, [tmp_path / "a.txt"]).rows[0]
    assert "version 1" in (row.fields.get("text") or row.error)


def test_a_file_that_never_rests_fails_and_leaves_nothing_in_the_cache(go, tmp_path):
    """After three tries the item has failed; no content is taken for another one afterwards."""
    calls = Counter()
    (tmp_path / "a.txt").write_text("version 0")
    reads = changing_reader(calls, 3)

    @graph
    def moving(photo: Path):
        return {"text": reads(photo)}

    report = go(moving, [tmp_path / "a.txt"])

    assert "SourceChanged" in report.failed[0].error
    for version in range(4):
        (tmp_path / "a.txt").write_text(f"version {version}")
        assert [f"version {version}"] == [row.fields["text"] for row in go(moving, [tmp_path / "a.txt"]).rows]
    assert Cache(tmp_path / "cache").info()["records"] == 4


# --- options -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"jobs": 0}, {"jobs": True}, {"max_failures": 0}, {"on_error": "ignore"}, {"jobs": 1.5}]
)
def test_options_that_cannot_be_are_refused(go, options):
    """A wrong option is a UsageError before anything runs."""
    with pytest.raises(UsageError):
        go(failing, NUMBERS, **options)


def test_stale_temporary_files_beside_outputs_are_removed(go, tmp_path, monkeypatch):
    """What a killed run left long ago goes once something is written there; a young one stays."""
    out = tmp_path / "out"
    out.mkdir()
    old, young = out / ".creevey-tmp-1-aa.txt", out / ".creevey-tmp-2-bb.txt"
    for path in (old, young):
        path.write_text("half")
    ahead = time.time() + 1000
    os.utime(young, (ahead, ahead))  # only its time can be set forward; a ctime cannot be set back
    monkeypatch.setattr("creevey_graph.atomic.STALE_AFTER_S", -500.0)

    go(writing, NUMBERS[:1])

    assert not old.exists()
    assert young.exists()


def test_a_failed_item_with_an_older_output_is_told(go, tmp_path):
    """What stays in the output folder of an item that fails now is named: it may be stale."""
    flag = tmp_path / "flag.txt"
    flag.write_text("good")

    @step(writes="path", depends_on=flag)
    def note(number: int, path: Path) -> Path:
        if flag.read_text() == "bad":
            raise ValueError("no")
        path.write_text(str(number))
        return path

    @graph
    def notes(number: int):
        return {"file": note(number, "{key}.txt")}

    go(notes, [{"number": 1}])
    flag.write_text("bad")

    report = go(notes, [{"number": 1}])

    assert 1 == len(report.failed)
    told = "1 output of failed items is left from an earlier run, and may be stale: 1.txt"
    assert [told] == report.notices
    assert (tmp_path / "out" / "1.txt").exists()


def test_a_step_that_forgets_to_return_is_named(go):
    """A step that is annotated with a class and returns None fails itself, not the step after it."""

    @step  # noqa: RET503 - the mistake
    def forgetful(number: int) -> str:
        if number < 0:
            return "never"

    @graph
    def g(number: int):
        return {"text": forgetful(number)}

    row = go(g, [{"number": 1}]).failed[0]

    assert "forgetful" == row.step
    assert "returned None, but is annotated str" in row.error


@step
def anything(number: int) -> Any:
    return None


@graph
def of_anything(number: int):
    return {"found": anything(number)}


def test_a_step_that_is_annotated_any_may_return_nothing(go):
    """Any is a class since Python 3.11, but says nothing of what comes."""
    assert {"done": len(NUMBERS)} == go(of_anything, NUMBERS).counts


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_failure_names_the_step_that_gave_it_none(tmp_path, executor):
    """The step that forgot to return is told, behind the first line of what the next one said."""

    @step
    def tone(photo: Path):
        photo.stat()

    @step
    def shout(photo: Path, text, other=None):
        raise ValueError(f"no text: {text}\nof {photo.name}")

    @graph
    def shouted(photo: Path) -> object:
        return shout(photo, tone(photo))

    photo = tmp_path / "a.png"
    photo.write_bytes(b"")
    row = shouted.run([photo], cache=False, executor=executor, progress=False).rows[0]

    assert "ValueError: no text: None ('tone' returned None)\nof a.png" == row.error


def test_a_failure_of_a_step_that_was_given_values_names_no_other(tmp_path):
    """A default of None is no step's doing."""

    @step
    def tone(photo: Path):
        return 0

    @step
    def shout(photo: Path, tone, other=None):
        raise ValueError("no")

    @graph
    def shouted(photo: Path) -> object:
        return shout(photo, tone(photo))

    photo = tmp_path / "a.png"
    photo.write_bytes(b"")

    assert "ValueError: no" == shouted.run([photo], cache=False, progress=False).rows[0].error
