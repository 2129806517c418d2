"""Creevey's pipelines by their behaviour: its own tests, its documentation's examples as typed, its names."""

import importlib
import logging
import os
import re
import threading
import urllib.request
from functools import partial
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")

from creevey_fixtures import LOCAL, drawn, encoded, load_local  # noqa: E402
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from servers import PictureServer  # noqa: E402

from creevey_graph import Report, SkipItem, UsageError  # noqa: E402
from creevey_graph.creevey import (  # noqa: E402
    RUN_REPORT_COLS,
    CustomReportingPipeline,
    DownloadImagePipeline,
    Pipeline,
    calculate_mean_brightness,
    get_report_output_decorator,
    join_outdir_filename_extension,
    join_outdir_hashed_path_extension,
    load_image_from_disk,
    report_dhash,
    report_mean_brightness,
    report_output,
    resize,
    write_image,
)
from creevey_graph.errors import StepError  # noqa: E402

STRATEGIES = (None, "threads", "processes")
keep_filename_png = partial(join_outdir_filename_extension, outdir="out", extension=".png")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREEVEY_CACHE_DIR", raising=False)


@pytest.fixture
def server():
    names = ("2RsJ8EQ", "2TqoToT", "2VocS58", "2scKPIp", "2TsO6Pc", "2SCv0q7")
    with PictureServer(
        {f"/{name}": encoded(drawn("rgb", 160, 120, seed)) for seed, name in enumerate(names)}
    ) as found:
        found.urls = [found.url(f"/{name}") for name in names]
        yield found


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(4):
        (folder / f"{seed}.png").write_bytes(encoded(drawn("rgb", 160, 120, seed)))
    return sorted(folder.iterdir())


def trim_bottom_100(image):
    return image[:-100, :]


resize_224 = partial(resize, shape=(224, 224))


def shapes(folder="out"):
    return {path.name: load_image_from_disk(path).shape for path in sorted(Path(folder).iterdir())}


# --- Pipeline -----------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", [str, Path])
def test_trim_and_resize_gives_224_px_pngs(files, strategy, kind):
    """Paths as text or as paths, in threads or processes: each picture comes out in its shape."""
    pipeline = Pipeline(load_image_from_disk, [trim_bottom_100, resize_224], write_image, strategy)

    report = pipeline.run([kind(path) for path in files], keep_filename_png, 2, False)

    assert isinstance(report, Report)
    assert report.ok
    assert {f"{seed}.png": (224, 224, 3) for seed in range(4)} == shapes()
    expected = resize(trim_bottom_100(load_image_from_disk(files[1])), shape=(224, 224))
    assert (expected == load_image_from_disk("out/1.png")).all()


def test_the_functions_may_stand_in_the_order_of_either_name():
    """Creevey 1.x: load, ops, write; Wildebeest: load, write, ops; by name anyhow; ops may be one or none."""
    load, op, write = load_image_from_disk, trim_bottom_100, write_image
    for pipeline in (
        Pipeline(load, [op], write),
        Pipeline(load, op, write),
        Pipeline(load, write, [op]),
        Pipeline(load_func=load, write_func=write, ops=(op,)),
        Pipeline(load, ops=(step for step in [op]), write_func=write),
    ):
        assert (load, [op], write) == (pipeline.load_func, pipeline.ops, pipeline.write_func)
    for pipeline in (
        Pipeline(load, None, write),
        Pipeline(load, write),
        Pipeline(load_func=load, write_func=write),
    ):
        assert (load, [], write) == (pipeline.load_func, pipeline.ops, pipeline.write_func)


@pytest.mark.parametrize("strategy", ["fork", "Threads", 3, True, ["threads"]])
def test_parallel_strategy_is_one_of_three(strategy):
    """Anything else is a ValueError that says which there are."""
    with pytest.raises(ValueError, match="must be None, 'threads' or 'processes'"):
        Pipeline(load_image_from_disk, None, write_image, strategy)


@pytest.mark.parametrize("ops", [5, "resize", b"x"])
def test_ops_that_are_none_are_a_type_error(ops):
    """At the declaration, as there."""
    with pytest.raises(TypeError, match="ops must be a function"):
        Pipeline(load_image_from_disk, ops, write_image)


def test_a_pipeline_without_functions_is_a_type_error():
    """Both ends are needed."""
    with pytest.raises(TypeError, match="write_func must be a function"):
        Pipeline(load_image_from_disk)
    with pytest.raises(TypeError, match="load_func must be a function"):
        Pipeline("a.png", None, write_image)


def test_the_run_report_has_creeveys_columns_and_the_inpaths_as_index(files):
    """In the order of the inpaths; no error is None; the time is one of milliseconds."""
    pipeline = Pipeline(load_image_from_disk, resize_224, write_image)

    pipeline(inpaths=files, path_func=keep_filename_png, n_jobs=6)
    frame = pipeline.run_report_

    assert ["outpath", "skipped", "error", "time_finished"] == RUN_REPORT_COLS == list(frame.columns)
    assert files == list(frame.index)
    assert [f"out/{seed}.png" for seed in range(4)] == list(frame.loc[files].outpath)
    assert not frame.skipped.any()
    assert frame.skipped.dtype == bool
    assert frame.error.isna().all()
    assert "datetime64[ms]" == str(frame.time_finished.dtype)
    assert frame.time_finished.max() - frame.time_finished.min() < pd.Timedelta(minutes=5)


def test_there_is_no_report_before_the_first_run():
    """An AttributeError that says so, of both."""
    pipeline = Pipeline(load_image_from_disk, None, write_image)

    for name in ("run_report_", "report"):
        assert not hasattr(pipeline, name)
        with pytest.raises(AttributeError, match="has not been run"):
            getattr(pipeline, name)


def test_a_pipeline_shows_its_functions():
    """Also where they do not make a graph yet."""
    pipeline = Pipeline(load_image_from_disk, [resize_224, lambda image: image], write_image, name="thumbs")

    assert "<Pipeline thumbs: load_image_from_disk resize lambda write_image>" == repr(pipeline)


def test_attributes_may_be_set_anew(files):
    """`pipeline.ops = …` is how a ready-made pipeline was extended; the list may be changed in place too."""
    pipeline = DownloadImagePipeline()
    pipeline.load_func = load_image_from_disk
    pipeline.ops = [trim_bottom_100]
    pipeline.ops.append(partial(resize, shape=(8, 9)))

    pipeline(files, keep_filename_png, 1)

    assert {(8, 9, 3)} == set(shapes().values())
    pipeline.ops.append("no function")
    with pytest.raises(TypeError, match=r"ops\[2\] must be a function"):
        pipeline(files, keep_filename_png, 1)


def test_skip_existing_skips_all_of_a_second_run_with_one_warning(files, caplog):
    """Each row says so, and the log does once; what was there stays, whatever the ops are now."""
    Pipeline(load_image_from_disk, resize_224, write_image).run(files, keep_filename_png, 2)
    pipeline = Pipeline(load_image_from_disk, partial(resize, shape=(8, 8)), write_image)

    pipeline.run(files, outpath_func=keep_filename_png, n_jobs=2, skip_existing=True)

    assert pipeline.run_report_.skipped.all()
    assert 1 == sum(record.levelno == logging.WARNING for record in caplog.records)
    assert {(224, 224, 3)} == set(shapes().values())


def test_skip_func_is_asked_with_inpath_and_outpath_before_anything_is_loaded(files):
    """Wildebeest's fourth argument; a set of what is there already is the documented use."""
    asked, loaded = [], []

    def load(path):
        loaded.append(path)
        return load_image_from_disk(path)

    def is_first(inpath, outpath):
        asked.append((inpath, outpath))
        return inpath == files[0]

    pipeline = Pipeline(load_func=load, write_func=write_image)
    pipeline(files, keep_filename_png, 1, is_first)

    assert [(path, Path(f"out/{path.name}")) for path in files] == asked
    assert files[1:] == loaded
    assert [True, False, False, False] == list(pipeline.run_report_.skipped)
    assert pipeline.run_report_.error.isna().all()
    assert ["1.png", "2.png", "3.png"] == list(shapes())


def test_a_content_check_of_the_users_own_is_recorded(files):
    """Raise in the first op: the row names the exception, as there; SkipItem says it without an error."""

    class WashedOutImageError(Exception):
        pass

    raises = [WashedOutImageError("too bright")]

    def check(image):
        if calculate_mean_brightness(image) > least:
            raise raises[0]
        return image

    brightness = [calculate_mean_brightness(load_image_from_disk(path)) for path in files]
    least = sorted(brightness)[-2]
    brightest = brightness.index(max(brightness))
    pipeline = Pipeline(load_image_from_disk, [check], write_image)

    pipeline(files, keep_filename_png, 2)
    assert "WashedOutImageError: too bright" == pipeline.run_report_.error.iloc[brightest]
    raises[0] = SkipItem("too bright")
    pipeline(files, keep_filename_png, 2)
    assert pipeline.run_report_.skipped.iloc[brightest]
    assert "too bright" == pipeline.report.rows[brightest].error


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_by_default_every_exception_is_recorded_and_logged(files, caplog, strategy):
    """Two broken files are two error rows and two ERROR records; the others are done."""
    for path in files[:2]:
        path.write_bytes(b"no picture")
    pipeline = Pipeline(load_image_from_disk, None, write_image, strategy)

    pipeline(files, keep_filename_png, 2)

    assert [True, True, False, False] == list(pipeline.run_report_.error.notna())
    assert 2 == sum(record.levelno == logging.ERROR for record in caplog.records)
    assert "failed to load" in pipeline.run_report_.error.iloc[0]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("caught", [AttributeError, (AttributeError, KeyError), None])
def test_what_is_not_caught_is_raised_and_the_report_is_there(files, caplog, caught, strategy):
    """The very exception; the log's last record names it, and so does its row."""
    files[1].write_bytes(b"no picture")
    pipeline = Pipeline(load_image_from_disk, None, write_image, strategy)

    with pytest.raises(ValueError, match="failed to load"):
        pipeline(files[1:2], keep_filename_png, 2, exceptions_to_catch=caught)

    assert "ImageError" in caplog.records[-1].getMessage()
    assert "failed to load" in pipeline.run_report_.error[files[1]]
    assert 1 == len(pipeline.report.failed)


@pytest.mark.parametrize("caught", ["ValueError", 5, [ValueError], (ValueError, "x"), ValueError("x")])
def test_exceptions_to_catch_are_classes(files, caught):
    """Anything else is told before anything runs."""
    with pytest.raises(UsageError, match="exceptions_to_catch must be"):
        Pipeline(load_image_from_disk, None, write_image)(
            files, keep_filename_png, 1, exceptions_to_catch=caught
        )


def test_the_same_inpath_a_thousand_times_is_no_error(files):
    """With a hundred threads; it is worked on once."""
    pipeline = Pipeline(load_image_from_disk, resize_224, write_image)

    pipeline(inpaths=files[:1] * 1000, path_func=keep_filename_png, n_jobs=100)

    assert 1 == len(pipeline.run_report_)
    assert pipeline.run_report_.error.isna().all()


def test_ops_may_be_any_callables(files, tmp_path):
    """Lambdas, partials by place and by name, bound methods, callable objects, builtins and ufuncs."""

    class Scale:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, image):
            return image * self.factor

        def add(self, image):
            return image + self.factor

    ops = [
        lambda image: image[:4, :4],
        partial(np.multiply, 2),
        Scale(3),
        Scale(1).add,
        np.square,
        np.ndarray.tolist,
        str,
        len,
    ]
    pipeline = Pipeline(load_image_from_disk, ops, lambda text, path: path.write_text(str(text)))

    assert pipeline(files, lambda path: tmp_path / "out" / f"{path.stem}.txt", 2).ok

    value = np.square(load_image_from_disk(files[2])[:4, :4] * 2 * 3 + 1)
    assert str(len(str(value.tolist()))) == (tmp_path / "out" / "2.txt").read_text()


def test_ops_may_return_none_and_generators(tmp_path):
    """What an op returns is passed on, whatever it is."""
    (tmp_path / "a.txt").write_text("a b")

    def words(text):
        yield from text.split()

    pipeline = Pipeline(
        Path.read_text, [words, list, lambda _: None, str], lambda text, path: Path(path).write_text(text)
    )

    assert pipeline([tmp_path / "a.txt"], lambda _: "out/a.txt", 1).ok
    assert "None" == Path("out/a.txt").read_text()


@pytest.mark.parametrize(
    ("returns", "kind"),
    [(str, str), (Path, Path), (lambda path: path.encode(), None)],
    ids=["text", "path", "other"],
)
def test_write_func_is_given_a_path_of_the_kind_that_path_func_returns(returns, kind, tmp_path):
    """Text stays text, for writers such as cv2.imwrite; a path stays a path; what is neither is handed on."""
    (tmp_path / "a.txt").write_text("a")
    kinds = []

    def write(text, path):
        kinds.append(type(path))
        Path(path.decode() if isinstance(path, bytes) else path).write_text(text)

    pipeline = Pipeline(Path.read_text, None, write)
    pipeline([tmp_path / "a.txt"], lambda _: returns(str(tmp_path / "b.txt")), 1)

    assert kind is None or issubclass(kinds[0], kind)
    assert "a" == (tmp_path / "b.txt").read_text()


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", [str, Path])
def test_a_writer_may_ask_what_its_file_is_called(tmp_path, kind, strategy):
    """It wrote the name of a temporary file; of equal texts each file has its own name in it, and after a move the new one."""
    inpaths = [tmp_path / name for name in ("a.txt", "b.txt")]
    for path in inpaths:
        path.write_text("the same")

    def write(text, path):
        Path(path).write_text(f"{text} {Path(path).stem} {Path(path).parent.name}")

    pipeline = Pipeline(Path.read_text, None, write, strategy)
    for folder in ("out", "moved"):

        def find(path, folder=folder):
            return kind(tmp_path / folder / path.name)

        assert 2 == pipeline(inpaths, find, 2).executed["write"]
        assert not pipeline(inpaths, find, 2).executed
        assert [f"the same {name} {folder}" for name in "ab"] == [
            Path(find(path)).read_text() for path in inpaths
        ]


def test_a_writer_of_further_files_is_told(tmp_path):
    """What it wrote beside its file was to be lost."""
    (tmp_path / "a.txt").write_text("a")

    def write(text, path):
        path.write_text(text)
        path.with_name(f"{path.stem}.json").write_text("{}")

    report = Pipeline(Path.read_text, None, write)(
        [tmp_path / "a.txt"], lambda path: Path("out", path.name), 1
    )

    assert "write_func wrote more than its path: a.json" in report.failed[0].error


def test_a_name_that_is_too_long_costs_one_row(files):
    """A URL with a long query ended the run of all the others."""
    pipeline = Pipeline(load_image_from_disk, None, write_image)

    report = pipeline(files, lambda path: f"out/{'x' * 230 * (path.stem == '2')}{path.name}", 2)

    assert 3 == report.executed["write_image"]
    assert "a name over 215 bytes" in report.failed[0].error
    assert "join_outdir_hashed_path_extension" in report.failed[0].error


def test_what_is_not_tracked_is_logged_once(files, caplog):
    """Creevey did all anew; here a changed variable of the environment is not noticed, which has to be said."""

    def scaled(image):
        return image // int(os.environ.get("SCALE", "1"))

    pipeline = Pipeline(load_image_from_disk, scaled, write_image)
    for _ in range(2):
        pipeline(files, keep_filename_png, 2)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]

    assert 1 == len(warnings)
    assert "not tracked: scaled: os.environ.get('SCALE', '1')" in warnings[0]


def test_outpaths_may_lie_anywhere(files, tmp_path):
    """Absolute, relative, with "..", beside the inpaths, in several folders: each file where path_func says."""
    places = ["photos/beside.png", tmp_path / "x/y/z.png", "x/../w.png", f"{tmp_path}/photos/deep/a.png"]
    find = dict(zip(files, places, strict=True)).__getitem__
    pipeline = Pipeline(load_image_from_disk, None, write_image)

    for count in (4, 0):
        report = pipeline(files, find, 2)
        assert report.ok
        assert count == report.executed["write_image"]
    for inpath, place in zip(files, places, strict=True):
        assert (load_image_from_disk(inpath) == load_image_from_disk(place)).all()


@pytest.mark.parametrize("n_jobs", [0, 2.5, True, "4"])
def test_n_jobs_is_a_number_of_jobs(files, n_jobs):
    """0 is a ValueError, as there; -1 and None choose."""
    pipeline = Pipeline(load_image_from_disk, None, write_image)

    with pytest.raises(ValueError, match="n_jobs must be"):
        pipeline(files, keep_filename_png, n_jobs)
    for good in (-1, -100, None):
        assert pipeline(files, keep_filename_png, good).ok


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give one function"),
        ({"path_func": "out"}, "give one function"),
        ({"path_func": keep_filename_png, "outpath_func": keep_filename_png}, "give one function"),
        ({"path_func": keep_filename_png, "skip_existing": "yes"}, "skip_existing must be"),
        ({"path_func": keep_filename_png, "skip_func": True}, "skip_func must be"),
        ({"path_func": keep_filename_png, "skip_func": print, "skip_existing": True}, "choose one"),
    ],
)
def test_wrong_arguments_of_a_run_are_told(files, options, message):
    """Before anything runs."""
    with pytest.raises(UsageError, match=message):
        Pipeline(load_image_from_disk, None, write_image)(files, n_jobs=1, **options)


@pytest.mark.parametrize("inpaths", ["photos", Path("photos"), b"photos", 5, None])
def test_inpaths_are_several(inpaths):
    """One path is told from a list of them: its letters are no inpaths."""
    with pytest.raises(UsageError, match="inpaths must be a list"):
        Pipeline(load_image_from_disk, None, write_image)(inpaths, keep_filename_png, 1)


TEXT_OPS = (
    str.upper,
    str.title,
    lambda text: text[::-1],
    partial(str.replace, "a"),
    "{}!".format,
    sorted,
    "".join,
    str,
)


def partly(op, value):
    try:
        return op(value, "b") if isinstance(op, partial) else op(value)
    except TypeError:
        return None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    ops=st.lists(st.sampled_from(TEXT_OPS), max_size=6),
    texts=st.lists(st.text("abc ", max_size=9), max_size=4),
    jobs=st.integers(1, 3),
)
def test_a_pipeline_gives_what_its_functions_give_one_after_the_other(tmp_path_factory, ops, texts, jobs):
    """Whatever the ops and the jobs: the same in each file, and nothing to do again."""
    folder = tmp_path_factory.mktemp("law")
    ops = [partial(partly, op) for op in ops]
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(text)
    inpaths = [folder / f"{number}.txt" for number in range(len(texts))]
    pipeline = Pipeline(Path.read_text, ops, lambda value, path: path.write_text(repr(value)))

    first = pipeline(inpaths, lambda path: folder / "out" / path.name, jobs, cache=folder / "cache")
    again = pipeline(inpaths, lambda path: folder / "out" / path.name, jobs, cache=folder / "cache")

    for text, path in zip(texts, inpaths, strict=True):
        value = text
        for op in ops:
            value = op(value)
        assert repr(value) == (folder / "out" / path.name).read_text()
    assert first.ok
    assert not again.executed


# --- the graph below ----------------------------------------------------------------------------


def test_a_pipeline_is_a_graph_that_is_drawn_planned_and_explained(files):
    """Steps are called as the functions are; a plan and an explanation know what a run knows."""
    pipeline = Pipeline(load_image_from_disk, [trim_bottom_100, resize_224], write_image)

    assert ["load_image_from_disk", "trim_bottom_100", "resize", "write_image"] == list(pipeline.graph.nodes)
    assert "resize(trim_bottom_100, shape=(224, 224))" in pipeline.graph.draw()
    assert {"new item": 4} == pipeline.plan(files, keep_filename_png).reasons
    pipeline(files, keep_filename_png, 2)
    assert 4 == pipeline.plan(files, keep_filename_png).up_to_date
    assert 4 == pipeline.graph.plan(files, out="other").to_do

    pipeline.ops = [trim_bottom_100, partial(resize, shape=(112, 112))]

    changed = "parameter changed: resize.shape (224, 224) -> (112, 112)"
    assert {changed: 4} == pipeline.plan(files, keep_filename_png).reasons
    told = pipeline.explain(files[0], keep_filename_png)
    assert "resize.shape (224, 224) -> (112, 112)" in str(told)
    assert str(told) == str(
        Pipeline(load_image_from_disk, pipeline.ops, write_image).explain(
            files[0], keep_filename_png, out="out"
        )
    )


def test_steps_of_the_library_are_ops_and_loaders_too(files):
    """They keep their options, and Pillow's images travel between them."""
    from creevey_graph import images

    ops = [images.trim.bind(bottom=100), partial(images.resize, size=(20, 10), fit="fill")]
    pipeline = Pipeline(images.load_image, ops, images.write_image, "processes")

    assert pipeline(files, keep_filename_png, 2).ok
    assert {(10, 20, 3)} == set(shapes().values())
    assert "trim(load_image, bottom=100)" in pipeline.graph.draw()


def test_a_load_func_may_be_given_folders_and_made_up_paths(tmp_path):
    """No file stands behind them, so nothing made of a folder is kept: it may hold something else next time."""
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "1.txt").write_text("1")

    def names(path):
        return sorted(part.name for part in path.iterdir()) if path.is_dir() else [path.name]

    pipeline = Pipeline(names, ",".join, lambda text, path: Path(path).write_text(text))
    inpaths = [tmp_path / "set", Path("made/up")]
    pipeline(inpaths, lambda path: tmp_path / f"{path.name}.txt", 1)
    (tmp_path / "set" / "2.txt").write_text("2")
    pipeline(inpaths, lambda path: tmp_path / f"{path.name}.txt", 1)

    assert "1.txt,2.txt" == (tmp_path / "set.txt").read_text()
    assert "up" == (tmp_path / "up.txt").read_text()


def test_a_url_as_outpath_is_handed_to_write_func_each_time():
    """From bucket to bucket: whether it is there cannot be seen, so skip_func decides."""
    there = {}
    pipeline = Pipeline(str.upper, None, lambda text, url: there.update({url: text}))

    for _ in range(2):
        there.clear()
        pipeline(["s3://a/1", "s3://a/2"], lambda url: url.replace("/a/", "/b/"), 2)
        assert {"s3://b/1": "S3://A/1", "s3://b/2": "S3://A/2"} == there
    pipeline(["s3://a/1", "s3://a/2"], lambda url: url.replace("/a/", "/b/"), 2, lambda _, url: url in there)
    assert pipeline.run_report_.skipped.all()
    assert ["s3://b/1", "s3://b/2"] == list(pipeline.run_report_.outpath)


# --- CustomReportingPipeline --------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_custom_reports_stand_in_the_run_report(files, strategy):
    """Measures of the library and of the user's, in the order of the ops, behind the four columns."""
    pipeline = CustomReportingPipeline(
        load_image_from_disk,
        [report_mean_brightness, trim_bottom_100, report_dhash, report_shape],
        write_image,
        strategy,
    )

    pipeline(inpaths=files, path_func=keep_filename_png, n_jobs=6)
    frame = pipeline.run_report_

    assert [*RUN_REPORT_COLS, "mean_brightness", "dhash", "shape"] == list(frame.columns)
    assert [calculate_mean_brightness(load_image_from_disk(path)) for path in files] == list(
        frame.mean_brightness
    )
    assert float == frame.mean_brightness.dtype
    assert [[60, 120, 3]] * 4 == list(frame["shape"])


@get_report_output_decorator(key="shape")
def report_shape(image):
    return image.shape


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_functions_report_through_log_dict_and_see_what_was_reported_before(files, strategy):
    """load, op and write: by keyword, by place as in Creevey 1.1, and through **kwargs."""
    pipeline = CustomReportingPipeline(
        load_and_tell,
        [report_mean_brightness, tell_by_place, tell_through_keywords],
        write_and_tell,
        strategy,
    )

    for _ in range(2):
        pipeline(files, keep_filename_png, 2)
        frame = pipeline.run_report_
        assert [str(path) for path in files] == list(frame.loaded)
        assert [2 * bright for bright in frame.mean_brightness] == list(frame.twice)
        assert ["PosixPath"] * 4 == list(frame.kind)
        assert [path.stat().st_size for path in map(Path, frame.outpath)] == list(frame.written)
    assert not pipeline.report.executed


def load_and_tell(inpath, log_dict):
    log_dict[inpath]["loaded"] = str(inpath)
    return load_image_from_disk(inpath)


def tell_by_place(image, path, log):
    log[path]["twice"] = 2 * log[path]["mean_brightness"]
    return image[:50]


def tell_through_keywords(image, **kwargs):
    kwargs["log_dict"][kwargs["inpath"]]["kind"] = type(kwargs["inpath"]).__name__
    return image


def write_and_tell(image, path, inpath, log_dict):
    write_image(image, path)
    assert log_dict[inpath]["kind"]
    log_dict[inpath]["written"] = Path(path).stat().st_size


def test_a_plain_pipeline_gives_a_log_to_who_cannot_do_without(files):
    """A report op in a plain pipeline failed on every file there."""
    pipeline = Pipeline(load_image_from_disk, [report_mean_brightness, tell_by_name], write_image)

    assert pipeline(files, keep_filename_png, 2).ok
    assert [*RUN_REPORT_COLS, "mean_brightness", "named"] == list(pipeline.run_report_.columns)


def tell_by_name(image, inpath, log_dict):
    log_dict[inpath]["named"] = inpath.name
    return image


@pytest.mark.parametrize("key", ["error", "file", "seconds", "", 5, ("a", "b")])
def test_a_report_may_have_any_key(files, key):
    """One that our own report has too stands in the run report all the same, unless Creevey's has it."""
    op = partial(report_output, func=len, key=key)
    pipeline = CustomReportingPipeline(load_image_from_disk, [op, op], write_image)

    pipeline(files, keep_filename_png, 2)

    columns = [*RUN_REPORT_COLS, *([str(key)] if key != "error" else [])]
    assert columns == list(pipeline.run_report_.columns)
    assert key == "error" or [160] * 4 == list(pipeline.run_report_[str(key)])


# --- the documentation's examples, as typed -----------------------------------------------------


def test_a_basic_image_download(server):
    """Quickstart, first example, and its short form."""
    image_download_pipeline = Pipeline(load_func=load_local, write_func=write_image)
    image_download_pipeline(
        inpaths=server.urls[:3],
        path_func=partial(join_outdir_filename_extension, outdir=".", extension=".png"),
        n_jobs=10,
    )
    assert ["./2RsJ8EQ.png", "./2TqoToT.png", "./2VocS58.png"] == [
        f"./{path}" for path in image_download_pipeline.run_report_.outpath
    ]
    assert all(Path(path).is_file() for path in image_download_pipeline.run_report_.outpath)


def test_trim_and_resize_with_skips_and_a_bad_url(server):
    """Quickstart, second example: three are there and stay as they are, a bad URL is a ValueError on record."""
    test_a_basic_image_download(server)
    trim_resize_pipeline = Pipeline(
        load_func=load_local,
        ops=[lambda image: image[:-100, :], partial(resize, shape=(224, 224))],
        write_func=write_image,
    )

    image_urls = [*server.urls, server.url("/xyz")]
    trim_resize_pipeline(
        inpaths=image_urls,
        path_func=partial(join_outdir_filename_extension, outdir=".", extension=".png"),
        n_jobs=10,
        skip_func=lambda inpath, outpath: Path(outpath).is_file(),  # noqa: ARG005 - as typed there
        exceptions_to_catch=ValueError,
    )

    frame = trim_resize_pipeline.run_report_
    assert [True] * 3 + [False] * 4 == list(frame.loc[image_urls].skipped)
    assert "404" in frame.error[image_urls[-1]]
    assert [(160, 120, 3)] * 3 + [(224, 224, 3)] * 3 == [
        load_image_from_disk(path).shape for path in frame.outpath[:6]
    ]


def test_the_ready_made_pipeline_is_extended_by_its_ops(server):
    """Quickstart: `from creevey.pipelines.image import download_image_pipeline`, then `.ops = …`."""
    from creevey_graph.creevey.pipelines.image import download_image_pipeline

    trim_resize_pipeline = download_image_pipeline
    trim_resize_pipeline.ops = [lambda image: image[:-100, :], partial(resize, shape=(224, 224))]
    trim_resize_pipeline.load_func = partial(trim_resize_pipeline.load_func, **LOCAL)
    trim_resize_pipeline(server.urls, keep_filename_png, 10)

    assert {(224, 224, 3)} == set(shapes().values())


def test_custom_reporting_example(server):
    """Quickstart: mean brightness of the library, is_grayscale of the user's."""

    @get_report_output_decorator(key="is_grayscale")
    def report_is_grayscale(image):
        return image.ndim == 2

    custom_reporting_pipeline = CustomReportingPipeline(
        load_func=load_local, ops=[report_mean_brightness, report_is_grayscale], write_func=write_image
    )
    custom_reporting_pipeline(
        inpaths=server.urls,
        path_func=partial(join_outdir_filename_extension, outdir=".", extension=".png"),
        n_jobs=1,
    )

    frame = custom_reporting_pipeline.run_report_
    assert [False] * 6 == list(frame.is_grayscale)
    assert frame.mean_brightness.between(1, 254).all()


def test_text_scraping_example(server):
    """Quickstart: titles and word counts of pages, with functions that do nothing for path and write."""
    for number in range(4):
        page = f'<html><meta property="og:title" content="Part {number}" /> {"word " * number}</html>'
        server.files[f"/post/{number}/"] = page.encode()
    urls = [server.url(f"/post/{number}/") for number in range(4)]

    def read_from_url(url, *args, **kwargs):
        return str(urllib.request.urlopen(url).read())

    @get_report_output_decorator(key="title")
    def record_title(html):
        return re.search(r'<meta property="og:title" content="(.*?)" />', html).group(1)

    @get_report_output_decorator(key="word_count")
    def count_words(html):
        return len(html.split())

    def do_nothing(*args, **kwargs):
        pass

    text_pipeline = CustomReportingPipeline(
        load_func=read_from_url, ops=[record_title, count_words], write_func=do_nothing
    )
    for _ in range(2):
        text_pipeline(inpaths=urls, path_func=do_nothing, n_jobs=4)
        frame = text_pipeline.run_report_.loc[urls]
        assert ["Part 0", "Part 1", "Part 2", "Part 3"] == list(frame.title)
        assert [6, 7, 8, 9] == list(frame.word_count)
        assert frame.outpath.isna().all()
        assert frame.error.isna().all()


# --- names --------------------------------------------------------------------------------------

NAMES = {
    "constants": "PathOrStr",
    "": "Pipeline CustomReportingPipeline",
    "pipelines": "Pipeline CustomReportingPipeline RUN_REPORT_COLS",
    "pipelines.image": "DownloadImagePipeline download_image_pipeline",
    "load_funcs": "get_response download_bytes",
    "load_funcs.image": "load_image_from_url load_image_from_disk load_image_from_bytes download_image load_image",
    "ops": "report_output get_report_output_decorator",
    "ops.image": "resize centercrop trim_padding normalize_pixel_values convert_to_grayscale flip_horiz flip_vert "
    "rotate_90 rotate_180 rotate_270 calculate_mean_brightness report_mean_brightness record_mean_brightness "
    "calculate_dhash report_dhash",
    "path_funcs": "join_outdir_filename_extension join_outdir_hashed_path_extension replace_dir replace_directory "
    "combine_outdir_dirname_extension",
    "util": "find_files_with_extensions",
    "util.image": "find_image_files",
    "write_funcs.image": "write_image write_png",
}
"""Module of Creevey 1.x-2.3 or Wildebeest 5.0 -> its public names; the same module of ours has them."""


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names.split()]
)
def test_every_name_of_creevey_is_there(module, name):
    """At its place, and at the top of our package too; functions and classes can be called."""
    found = getattr(importlib.import_module(f"creevey_graph.creevey{'.' * bool(module)}{module}"), name)

    assert callable(found) or name in {"PathOrStr", "RUN_REPORT_COLS"}
    top = importlib.import_module("creevey_graph.creevey")
    assert name == "download_image_pipeline" or getattr(top, name) is found


def test_pipelines_of_two_threads_do_not_meet(files):
    """Each has its own report."""
    frames = {}

    def run(number):
        pipeline = Pipeline(load_image_from_disk, None, write_image)
        pipeline(
            files[number : number + 1], partial(join_outdir_hashed_path_extension, outdir=f"out{number}"), 1
        )
        frames[number] = list(pipeline.run_report_.index)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {number: [path] for number, path in enumerate(files)} == frames


def test_a_step_error_is_a_type_error():
    """As Creevey's at the declaration."""
    assert issubclass(StepError, TypeError)
