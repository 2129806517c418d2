"""What went wrong in Creevey and Wildebeest does not go wrong here; each test tells the defect."""

import importlib
import json
import os
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")

from creevey_fixtures import LOCAL, drawn, encoded, load_local  # noqa: E402
from PIL import Image  # noqa: E402
from servers import PictureServer, status  # noqa: E402

from creevey_graph import GraphError, Report, RunInterrupted  # noqa: E402
from creevey_graph.creevey import (  # noqa: E402
    CustomReportingPipeline,
    Pipeline,
    calculate_dhash,
    convert_to_grayscale,
    find_files_with_extensions,
    find_image_files,
    flip_horiz,
    flip_vert,
    get_response,
    join_outdir_filename_extension,
    join_outdir_hashed_path_extension,
    load_image_from_disk,
    report_dhash,
    report_mean_brightness,
    resize,
    rotate_90,
    write_image,
)
from creevey_graph.events import ItemFinished  # noqa: E402
from creevey_graph.pipeline import Pipeline as OurPipeline  # noqa: E402

in_out = partial(join_outdir_filename_extension, outdir="out", extension=".png")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREEVEY_CACHE_DIR", raising=False)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(4):
        (folder / f"{seed}.png").write_bytes(encoded(drawn("rgb", 40, 30, seed)))
    return sorted(folder.iterdir())


@pytest.fixture
def copying():
    return Pipeline(load_image_from_disk, None, write_image)


def out():
    return sorted(path.name for path in Path("out").iterdir()) if Path("out").is_dir() else []


# --- what a run works on ------------------------------------------------------------------------


def test_rows_stand_in_the_order_of_the_inpaths(files):
    """There in the order in which path_func returned first: another one in each run with several jobs."""
    turns = {path: threading.Event() for path in files}

    def load_last_first(path):
        following = files.index(path) + 1
        assert following == len(files) or turns[files[following]].wait(30)
        turns[path].set()
        return load_image_from_disk(path)

    pipeline = Pipeline(load_last_first, None, write_image)
    pipeline(files, in_out, 4)

    assert files == list(pipeline.run_report_.index)


def test_an_inpath_that_comes_again_is_worked_on_once(files):
    """There N times, at once, into one file, with one row."""
    loaded = []

    def load(path):
        loaded.append(path)
        return load_image_from_disk(path)

    pipeline = Pipeline(load, None, write_image)
    pipeline([files[0], files[1], files[0], files[0]], in_out, 2)

    assert files[:2] == sorted(loaded)
    assert files[:2] == list(pipeline.run_report_.index)


def test_two_inpaths_with_one_outpath_are_an_error_before_anything_runs(tmp_path, files, copying):
    """There the last one won, without a word: the README's own path function does so with x/a.jpg and y/a.jpg."""
    other = tmp_path / "other" / "0.png"
    other.parent.mkdir()
    other.write_bytes(files[0].read_bytes())

    with pytest.raises(GraphError, match=r"0\.png"):
        copying([*files, other], in_out, 2)

    assert [] == out()
    hashed = partial(join_outdir_hashed_path_extension, outdir="out", extension=".png")
    assert copying([*files, other], hashed, 2).ok
    assert 5 == len(out())


def test_two_inpaths_with_one_url_are_an_error_too():
    """What is no file collides as well."""
    with pytest.raises(GraphError, match="one outpath"):
        Pipeline(str, None, print)(["a", "b"], lambda _: "s3://bucket/key", 1)


def test_outpaths_of_all_kinds_are_held_apart_from_each_other_and_their_inpaths(files):
    """Also where some are files and some are not, so that write_func is on its own."""
    ways = {files[0]: "out.png", files[1]: None}
    for last, message in (("out.png", "one outpath"), (files[2], "itself as its outpath")):
        with pytest.raises(GraphError, match=message):
            Pipeline(load_image_from_disk, None, print)(files[:3], {**ways, files[2]: last}.get, 1)


def test_nothing_to_do_is_no_error(copying):
    """There a KeyError 'time_finished'."""
    for nothing in ([], iter(()), {}):
        assert copying(nothing, in_out, 4).ok
        assert ["outpath", "skipped", "error", "time_finished"] == list(copying.run_report_.columns)
        assert 0 == len(copying.run_report_)


def test_an_inpath_without_a_hash_is_an_item_like_others(tmp_path):
    """There a TypeError ended the run."""
    pipeline = Pipeline(sum, str, lambda text, path: Path(path).write_text(text))

    assert pipeline([[1, 2], [3, 4], [1, 2, 3]], lambda pair: tmp_path / f"{pair[0]}{len(pair)}.txt", 2).ok

    assert ["3", "6", "7"] == [(tmp_path / name).read_text() for name in ("12.txt", "13.txt", "32.txt")]
    assert ["[1, 2]", "[3, 4]", "[1, 2, 3]"] == list(pipeline.run_report_.index)


def test_inpaths_may_come_from_a_generator(files, copying):
    """As there; the report and the progress know how many there are all the same."""
    assert 4 == copying((path for path in files), in_out, 2).total


# --- what stays from run to run -----------------------------------------------------------------


def test_outputs_are_made_anew_when_an_op_changes(files):
    """There files of 224 px stayed 224 px after the op said 256, without a word."""
    for side in (224, 256):
        pipeline = Pipeline(load_image_from_disk, partial(resize, shape=(side, side)), write_image)
        report = pipeline(files, in_out, 2)
        assert {(side, side, 3)} == {load_image_from_disk(f"out/{name}").shape for name in out()}
        assert 4 == report.executed["resize"]
    assert not pipeline(files, in_out, 2).executed


def test_a_lambda_that_is_edited_counts_as_edited(files):
    """Its code is looked at, not its name."""
    for ops in ([lambda image: image[:20]], [lambda image: image[:10]]):
        pipeline = Pipeline(load_image_from_disk, ops, write_image)
        pipeline(files, in_out, 2)
    assert {10} == {load_image_from_disk(f"out/{name}").shape[0] for name in out()}


def test_an_empty_output_does_not_count_as_done(files, copying):
    """There a file of 0 bytes was skipped as done; with skip_existing=True, which looks no closer, it still is."""
    copying(files, in_out, 2)
    Path("out/0.png").write_bytes(b"")
    Path("out/1.png").unlink()

    copying(files, in_out, 2, skip_existing=True)
    assert [True, False, True, True] == list(copying.run_report_.skipped)
    assert 0 == Path("out/0.png").stat().st_size

    copying(files, in_out, 2)
    assert (load_image_from_disk(files[0]) == load_image_from_disk("out/0.png")).all()


def test_a_changed_input_is_done_again(files, copying):
    """There what existed was skipped, or all was done again."""
    copying(files, in_out, 2)
    files[2].write_bytes(encoded(drawn("gray", 9, 9)))

    report = copying(files, in_out, 2)

    assert 1 == report.executed["write_image"]
    assert (9, 9) == load_image_from_disk("out/2.png").shape


def test_what_was_reported_is_there_for_files_that_are_up_to_date(files):
    """There custom columns were missing for skipped files."""
    pipeline = CustomReportingPipeline(load_image_from_disk, [report_mean_brightness, tell], write_image)
    pipeline(files, in_out, 2)
    first = pipeline.run_report_

    pipeline(files, in_out, 2)

    assert not pipeline.report.executed
    assert list(first.mean_brightness) == list(pipeline.run_report_.mean_brightness)
    assert list(first.told) == list(pipeline.run_report_.told)


def tell(image, inpath, log_dict):
    log_dict[inpath]["told"] = inpath.name
    return image


# --- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", [None, "processes"])
@pytest.mark.parametrize("asked", ["path_func", "skip_func"])
def test_a_path_func_or_skip_func_that_fails_costs_one_row(files, asked, strategy):
    """There they stood outside of what is caught: one bad path ended the run."""

    def fails_once(path, *_):
        if path == files[1]:
            raise KeyError(path.name)
        return in_out(path) if asked == "path_func" else False

    pipeline = Pipeline(load_image_from_disk, None, write_image, strategy)
    pipeline(files, n_jobs=2, **{"path_func": in_out, asked: fails_once})

    assert [False, True, False, False] == list(pipeline.run_report_.error.notna())
    assert "KeyError: '1.png'" == pipeline.run_report_.error[files[1]]
    assert ["0.png", "2.png", "3.png"] == out()


class Awkward(Exception):
    """Cannot be read where it was sent to: it is not made of its arguments."""

    def __init__(self, one, two):
        super().__init__(f"{one}-{two}")


def test_what_they_raise_need_not_be_fit_to_travel(files):
    """One row of a run in processes, as in threads."""

    def fails_once(path):
        if path == files[1]:
            raise Awkward(1, 2)
        return in_out(path)

    for strategy in ("threads", "processes"):
        pipeline = Pipeline(load_image_from_disk, None, write_image, strategy)
        pipeline(files, fails_once, 2)
        assert [False, True, False, False] == list(pipeline.run_report_.error.notna())
        assert "1-2" in pipeline.run_report_.error[files[1]]


def test_they_are_raised_where_they_are_not_caught(files, copying):
    """As what the other functions raise."""

    def fails(*_):
        raise KeyError("bad")

    with pytest.raises(KeyError, match="bad"):
        copying(files, fails, 1, exceptions_to_catch=ValueError)
    assert 1 == len(copying.run_report_)


@pytest.mark.parametrize("strategy", [None, "processes"])
def test_the_report_is_there_after_an_uncaught_exception(files, strategy):
    """There it was absent, or that of the run before."""
    files[2].write_bytes(b"no picture")
    pipeline = Pipeline(load_image_from_disk, None, write_image, strategy)
    pipeline(files[:1], in_out, 1)

    with pytest.raises(ValueError, match="failed to load"):
        pipeline(files[2:3], in_out, 2, exceptions_to_catch=None)

    assert files[2:3] == list(pipeline.run_report_.index)


def test_what_was_done_before_an_uncaught_exception_is_in_the_report(files, copying):
    """What the run did not come to is not."""
    files[2].write_bytes(b"no picture")

    with pytest.raises(ValueError, match="failed to load"):
        copying(files, in_out, 1, exceptions_to_catch=KeyError)

    assert files[:3] == list(copying.run_report_.index)
    assert [True, True, False] == list(copying.run_report_.error.isna())
    assert 1 == copying.report.counts["cancelled"]


def test_no_row_of_a_failed_run_is_left_in_the_next_report(files, copying):
    """There rows of a run that was given up stood in the next one's: [0, 1, 2, 9] for inpaths [9]."""
    files[1].write_bytes(b"no picture")
    with pytest.raises(ValueError, match="failed to load"):
        copying(files[:3], in_out, 1, exceptions_to_catch=None)

    copying(files[3:], in_out, 1)

    assert files[3:] == list(copying.run_report_.index)


def test_no_report_of_an_earlier_run_is_left_where_a_run_cannot_begin(files, copying):
    """A run that is refused has none."""
    copying(files, in_out, 1)
    with pytest.raises(GraphError):
        copying(files, lambda _: "one.png", 1)

    assert not hasattr(copying, "run_report_")


def test_the_report_is_there_after_ctrl_c(files):
    """There it was lost."""

    def interrupt(image):
        if image.shape[0] == 9:
            raise KeyboardInterrupt
        return image

    files[2].write_bytes(encoded(drawn("gray", 9, 9)))
    pipeline = Pipeline(load_image_from_disk, [interrupt], write_image)

    with pytest.raises(RunInterrupted):
        pipeline(files, in_out, 1)

    assert files[:2] == list(pipeline.run_report_.index)


def test_errors_are_text(files, copying):
    """There exceptions with their tracebacks, and the arrays in those, filled 64 GB at 2 million images."""
    files[0].write_bytes(b"no picture")
    copying(files, in_out, 2)

    error = copying.run_report_.error[files[0]]

    assert str is type(error)
    assert error.startswith("ImageError: ")


def test_a_failure_names_its_step_and_keeps_its_traceback(files):
    """There a report told neither."""
    pipeline = Pipeline(load_image_from_disk, [flip_vert, lambda image: image[100]], write_image)

    row = pipeline(files, in_out, 2).failed[0]

    assert "lambda" == row.step
    assert "image[100]" in row.traceback


def test_failures_are_logged_with_their_path(files, copying, caplog):
    """1.x printed "--- Logging error ---" in place of the message."""
    files[0].write_bytes(b"no picture")
    copying(files, in_out, 2)

    assert ["ERROR"] == [record.levelname for record in caplog.records]
    assert "0.png" in caplog.records[0].getMessage()


# --- the report ---------------------------------------------------------------------------------


def test_a_hash_of_64_bits_stays_what_it_is_when_a_file_fails(files):
    """There whole numbers became floats as soon as one row had none: 6 of 6 hashes were wrong."""
    files[1].write_bytes(b"no picture")
    pipeline = CustomReportingPipeline(load_image_from_disk, [report_dhash], write_image)
    pipeline(files, in_out, 2)

    hashes = [calculate_dhash(load_image_from_disk(path)) for path in (files[0], *files[2:])]

    assert any(hashed > 2**53 for hashed in hashes)
    assert hashes == list(pipeline.run_report_.dhash.dropna())


@pytest.mark.parametrize("largest", [2**53 + 1, 2**63 - 1, 2**64 - 1, 2**200])
def test_whole_numbers_of_any_size_stay_exact(files, largest):
    """With every row there, and beyond what 64 bits hold with a sign."""
    NUMBERS.update(zip(files, [largest, 1, -3, 0], strict=True))
    pipeline = CustomReportingPipeline(load_image_from_disk, [tell_number], write_image)
    pipeline(files, in_out, 1)

    assert [largest, 1, -3, 0] == list(pipeline.run_report_.number)


def test_columns_have_one_type_whatever_the_rows_are(files, copying):
    """There `skipped` was bool or object, and no error None or NaN, as the data had it."""
    files[1].write_bytes(b"no picture")
    for skip in (False, True):
        copying(files, in_out, 2, skip_existing=skip)
        frame = copying.run_report_
        assert bool == frame.skipped.dtype
        assert {None} == set(frame.error.drop(files[1]))


def test_a_report_becomes_json(files, copying):
    """There an OverflowError, from paths."""
    copying(files, in_out, 2)

    told = json.loads(copying.run_report_.drop(columns="time_finished").to_json(orient="records"))

    assert {"outpath": "out/0.png", "skipped": False, "error": None} == told[0]


def test_a_report_is_on_disk_too(files, copying):
    """There in memory alone: a crash lost it."""
    copying(files, in_out, 2)

    assert 4 == Report.load(copying.report.path).counts["done"]


def test_numbers_that_are_none_stay_numbers(files):
    """NaN and infinity come back as what they were."""
    NUMBERS.update(zip(files, [float("nan"), float("inf"), 1.5, -2.0], strict=True))
    pipeline = CustomReportingPipeline(load_image_from_disk, [tell_number], write_image)
    pipeline(files, in_out, 1)

    assert float == pipeline.run_report_.number.dtype
    assert np.array_equal([NUMBERS[path] for path in files], pipeline.run_report_.number, equal_nan=True)


NUMBERS: dict = {}


def tell_number(image, inpath, log_dict):
    log_dict[inpath]["number"] = NUMBERS[inpath]
    return image


def test_without_pandas_there_is_our_report(files, copying, monkeypatch):
    """Creevey needed it; the error of run_report_ names what to install."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    copying(files, in_out, 2)

    with pytest.raises(ImportError, match=r"creevey_graph\[creevey\]"):
        _ = copying.run_report_
    assert 4 == copying.report.counts["done"]


# --- ops ----------------------------------------------------------------------------------------


def test_ops_from_a_generator_hold_for_every_file(files):
    """There the generator was used up by the first file: later ones were written as they came."""
    pipeline = Pipeline(load_image_from_disk, (op for op in [partial(resize, shape=(5, 6))]), write_image)

    for _ in range(2):
        pipeline(files, in_out, 1, refresh=True)
        assert {(5, 6, 3)} == {load_image_from_disk(f"out/{name}").shape for name in out()}


@pytest.mark.parametrize("ops", [[5], [flip_vert, "flip"], (None,)])
def test_ops_that_are_no_functions_are_told_at_once(ops):
    """There `ops=[5]` was taken, and failed on every file."""
    with pytest.raises(TypeError, match=r"ops\[\d\] must be a function"):
        Pipeline(load_image_from_disk, ops, write_image)


def test_ops_that_take_no_keywords_work_in_a_custom_report(files, caplog):
    """There every op without **kwargs failed on every file, hidden in the report: the library's own, and the README's lambda."""
    ops = [
        flip_horiz,
        flip_vert,
        rotate_90,
        lambda image: image[:-5, :],
        convert_to_grayscale,
        report_mean_brightness,
    ]
    pipeline = CustomReportingPipeline(load_image_from_disk, ops, write_image)

    assert pipeline(files, in_out, 2).ok
    assert not caplog.records


def test_an_op_that_reports_may_have_options(files):
    """There `report_dhash(sqrt_hash_size=…)` was a TypeError."""
    pipeline = CustomReportingPipeline(
        load_image_from_disk, [partial(report_dhash, sqrt_hash_size=16)], write_image
    )
    pipeline(files, in_out, 2)

    expected = [calculate_dhash(load_image_from_disk(path), sqrt_hash_size=16) for path in files]
    assert expected == list(pipeline.run_report_.dhash)


def test_annotations_as_creevey_wrote_them_do_no_harm(files):
    """`np.array` is a function, no type; it stood in every signature there."""

    def halve(image: np.array) -> np.array:
        return image[::2]

    assert Pipeline(load_image_from_disk, [halve, halve], write_image)(files, in_out, 2).ok


def test_without_numpy_the_error_names_what_to_install(monkeypatch):
    """It is an extra; nothing but the use of pictures asks for it."""
    monkeypatch.setitem(sys.modules, "numpy", None)

    with pytest.raises(ImportError, match=r"creevey_graph\[creevey\]"):
        flip_vert([[0]])


def test_processes_work(files):
    """There, under joblib's loky, all state was lost: a KeyError in the end."""

    def tell_here(image, inpath, log_dict):
        log_dict[inpath]["process"] = os.getpid()
        return image

    pipeline = CustomReportingPipeline(load_image_from_disk, [tell_here], write_image, "processes")
    pipeline(files, in_out, 2)

    assert pipeline.run_report_.error.isna().all()
    assert os.getpid() not in set(pipeline.run_report_.process)


# --- progress -----------------------------------------------------------------------------------


def test_progress_counts_what_is_finished(files, copying):
    """There what was handed out: the bar stood at 100 % a sixth of the way."""
    finished = []

    def listen(event):
        if isinstance(event, ItemFinished):
            finished.append((event.row.key, Path("out", Path(event.row.key).name).is_file()))

    copying(files, in_out, 4, listeners=[listen])

    assert {(str(path), True) for path in files} == set(finished)


def test_progress_can_be_switched_off(files, copying, capsys):
    """There it could not."""
    copying(files, in_out, 2, progress=False)

    assert ("", "") == tuple(capsys.readouterr())


# --- reading and writing ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rgb", "rgba", "gray"])
def test_writing_leaves_the_array_alone(tmp_path, kind):
    """There it was turned from RGB to BGR in place: the second file had red and blue exchanged; read-only was an error."""
    image = drawn(kind)
    image.flags.writeable = False

    for name in ("a.png", "b.png"):
        write_image(image, tmp_path / name)
        assert (drawn(kind) == load_image_from_disk(tmp_path / name)).all()
    assert (drawn(kind) == image).all()


def test_an_op_that_changes_its_array_in_place_changes_no_one_elses(files):
    """What one function gets is its own: measures beside it see the picture as it was."""

    def blacken(image):
        image[:] = 0
        return image

    pipeline = CustomReportingPipeline(load_image_from_disk, [report_mean_brightness, blacken], write_image)
    pipeline(files, in_out, 1)

    assert (pipeline.run_report_.mean_brightness > 1).all()
    assert 0 == load_image_from_disk("out/0.png").max()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_picture_of_floats_from_0_to_1_is_not_written_black(tmp_path, dtype):
    """There it was, with a warning."""
    image = (drawn("rgb") / 255).astype(dtype)

    write_image(image, tmp_path / "a.png")

    assert (drawn("rgb") == load_image_from_disk(tmp_path / "a.png")).all()


def test_no_folder_is_left_beside_the_outputs(files, copying):
    """There `.tmp` stayed for ever, and was searched for pictures meanwhile."""
    copying(files, in_out, 2)

    assert ["0.png", "1.png", "2.png", "3.png"] == out()


def test_a_writer_that_fails_leaves_the_file_before_it(files):
    """Its own writers apart, what a function had half written stood there."""

    def write_half(image, path):
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    Pipeline(load_image_from_disk, None, write_image)(files, in_out, 2)
    Pipeline(load_image_from_disk, None, write_half)(files, in_out, 2)

    assert (load_image_from_disk(files[0]) == load_image_from_disk("out/0.png")).all()


def test_a_photo_is_upright_as_exif_says(tmp_path):
    """There orientation was ignored."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(drawn("rgb", 20, 10)).save(tmp_path / "a.jpg", exif=exif)

    assert (10, 20, 3) == load_image_from_disk(tmp_path / "a.jpg").shape


def test_half_a_jpeg_is_an_error(tmp_path):
    """There it was a picture whose lower half was grey."""
    data = encoded(drawn("rgb", 200, 200), "JPEG")
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])

    with pytest.raises(ValueError, match="truncated"):
        load_image_from_disk(tmp_path / "a.jpg")


def test_a_missing_file_says_so(files, copying):
    """A ValueError as there, for paths and for text, that tells why."""
    copying([Path("no.png"), "nor.png", files[0]], in_out, 2, exceptions_to_catch=ValueError)

    assert [True, True, False] == ["no such file" in str(error) for error in copying.run_report_.error]


def test_an_outpath_among_the_inpaths_is_refused(files, copying):
    """There the picture was replaced, and the next run worked on what this one made."""
    before = files[0].read_bytes()

    with pytest.raises(GraphError, match="would be replaced"):
        copying(files, lambda path: path, 1)

    assert before == files[0].read_bytes()


# --- servers and URLs ---------------------------------------------------------------------------


@pytest.fixture
def server():
    with PictureServer({"/a.png": encoded(drawn("rgb"))}) as found:
        yield found


def test_a_404_says_404(server):
    """There it was logged, its page was decoded, and "failed to load" was what was told."""
    with pytest.raises(ValueError, match="404"):
        load_local(server.url("/none.png"))
    with pytest.raises(OSError, match="404"):
        get_response(server.url("/none.png"), **LOCAL)


def test_how_often_a_server_is_asked_can_be_said(server):
    """There ten times, 74 s a URL, whatever it was; options of the download go with the load function."""
    server.behave("/a.png", status(503))
    pipeline = Pipeline(partial(load_local, retries=0), None, write_image)

    pipeline([server.url("/a.png")], in_out, 1)

    assert 1 == server.gets["/a.png"]
    assert "503" in pipeline.run_report_.error.iloc[0]


def test_an_empty_answer_is_told(server):
    """There a 204 was an error of OpenCV's."""
    server.behave("/a.png", status(204))

    with pytest.raises(ValueError, match="empty"):
        load_local(server.url("/a.png"))


def test_a_rerun_asks_the_server_for_nothing(server):
    """There every URL again; an op that is edited works on what was kept."""
    for side in (5, 5, 6):
        pipeline = Pipeline(load_local, partial(resize, shape=(side, side)), write_image)
        assert pipeline([server.url("/a.png")], in_out, 1).ok
    assert 1 == server.gets["/a.png"]
    assert (6, 6, 3) == load_image_from_disk("out/a.png").shape


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/x/a.b.jpg?x=1.2", "a.b.png"),
        ("https://a.example/a.jpg?sz=1#top", "a.png"),
        ("https://a.example/p/", "p.png"),
        ("https://a.example/a%20b.jpg", "a b.png"),
        ("https://a.example/..%2F..%2Fetc%2Fa.jpg", "_.._etc_a.png"),
    ],
)
def test_a_query_is_no_part_of_a_file_name(url, name):
    """There `a.b.jpg?x=1.2` became `a.b.jpg?x=1.png`; escapes cannot leave the folder."""
    assert Path("out", name) == in_out(url)


def test_a_url_without_a_name_is_told():
    """Its row says what to use instead."""
    with pytest.raises(ValueError, match="join_outdir_hashed_path_extension"):
        in_out("https://a.example/")


@pytest.mark.parametrize("path", ["x/a.jpg", "https://a.example/a.jpg?x=1"])
def test_hashed_names_take_text_and_keep_its_extension(path):
    """There an AttributeError for text without an extension of its own."""
    assert ".jpg" == join_outdir_hashed_path_extension(path, "out").suffix


# --- listing and names --------------------------------------------------------------------------


def test_pictures_are_found_whatever_python_knows_of_their_type(tmp_path):
    """There .webp was missed on Python 3.11, and extensions in upper case or by themselves found nothing."""
    for name in ("b.webp", "a.JPG", "c.heic"):
        (tmp_path / name).write_text("")

    assert ["a.JPG", "b.webp", "c.heic"] == [path.name for path in find_image_files(tmp_path)]
    for extensions in (["JPG"], "jpg", [".Jpg"]):
        assert [tmp_path / "a.JPG"] == find_files_with_extensions(tmp_path, extensions)


def test_what_is_being_written_is_no_picture_to_be_found(tmp_path):
    """There files under `.tmp` were found in mid-flight."""
    (tmp_path / ".creevey-tmp-1-abc.png").write_text("")
    for folder in (".creevey-tmp-1-aa", ".creevey/values"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.png").write_text("")

    assert [] == find_image_files(tmp_path)


def test_a_folder_that_is_missing_is_told(tmp_path):
    """There it had no files."""
    with pytest.raises(FileNotFoundError, match="no folder"):
        find_image_files(tmp_path / "none")


def test_names_of_other_libraries_are_none_of_ours():
    """There `pd`, `tqdm` and `Parallel` leaked, and `pipelines` was hidden by a module within."""
    package = importlib.import_module("creevey_graph.creevey")

    assert not {"pd", "np", "tqdm", "Parallel", "partial", "Any"} & set(vars(package))
    assert package.pipelines is importlib.import_module("creevey_graph.creevey.pipelines")
    assert package.Pipeline is OurPipeline
    assert sorted(set(package.__all__)) == sorted(package.__all__)


def test_a_ready_made_pipeline_is_nobody_elses():
    """There one object for all: the ops of one user were those of the next."""
    from creevey_graph.creevey.pipelines.image import download_image_pipeline as mine

    mine.ops = [flip_vert]
    from creevey_graph.creevey.pipelines.image import download_image_pipeline as other

    assert [] == other.ops
