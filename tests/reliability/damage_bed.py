"""A small set with a warm cache, to be damaged over and over: what the trials of damage share."""

import ctypes
import gc
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import attrs
from PIL import Image
from reference import draw_photos

from creevey_graph import graph, step
from creevey_graph.fingerprint import files
from creevey_graph.images import load_image, mean_brightness, resize, write_image

PICTURES = 4
VICTIM = "my only copy: nothing of it may be read, changed or deleted"
_CAPABILITY_VERSION = 0x20080522
_OVERRIDES = 0b110
"""Capabilities of root that make permissions void: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH."""
LARGE = (120, 100)
"""36 KB of pixels: a value that stands in a file of its own."""


@step(cache="always")
def enlarge(image: Image.Image) -> Image.Image:
    return image.resize(LARGE, Image.Resampling.BILINEAR)


@step(cache="always")
def darken(image: Image.Image) -> Image.Image:
    return image.point([level // 2 for level in range(256)] * len(image.getbands()))


@graph
def kept_set(photo: Path):
    large = enlarge(load_image(photo))
    small = darken(resize(large, (8, 8)))
    return {"file": write_image(small, "{stem}.png"), "brightness": mean_brightness(large)}


@attrs.frozen
class Bed:
    """
    A set that was run, and its cache as it was then.

    Args:
        folder: Holds photos/, out/, cache/, and pristine/, a copy of the cache.
        expected: Name of an output -> (its bytes, the row's brightness), by plain calls.
    """

    folder: Path
    expected: dict

    @property
    def cache(self):
        return self.folder / "cache"

    @property
    def kept(self):
        return self.folder / "kept"

    @property
    def out(self):
        return self.folder / "out"

    def run(self, **options):
        options = {"executor": "serial", "progress": False, "cache": self.cache, **options}
        return kept_set.run(self.folder / "photos", out=self.out, **options)

    def renew(self):
        """Bring cache and outputs back as they were, outputs with their times and inodes."""
        shutil.rmtree(self.cache, ignore_errors=True)
        if self.kept.exists():
            shutil.rmtree(self.out)
            self.kept.rename(self.out)
        shutil.copytree(self.folder / "pristine", self.cache, symlinks=True)

    def lose_outputs(self):
        if self.kept.exists():
            shutil.rmtree(self.out)
        else:
            self.out.rename(self.kept)  # of the folder: a file that is moved is a changed one
        self.out.mkdir()

    def lose_index(self):
        for path in self.cache.glob("index.db*"):
            path.unlink()

    def check(self, report, notices=1):
        """Check that rows and outputs are those of plain calls, and that little was told."""
        assert report.ok, [row.error for row in report.failed]
        self.check_rows(report.rows)
        assert len(report.notices) <= notices, report.notices

    def check_rows(self, rows):
        """Check that rows and outputs are those of plain calls."""
        fields = {row.outputs[0]: row.fields["brightness"] for row in rows}
        assert {name: value for name, (_, value) in self.expected.items()} == fields
        found = {path.name: path.read_bytes() for path in self.out.iterdir()}
        assert {name: data for name, (data, _) in self.expected.items()} == found

    def check_idle(self):
        """Check that a run has nothing to do, and nothing to say."""
        report = self.run()
        self.check(report, notices=0)
        assert {} == dict(report.executed)
        assert report.damaged == 0

    def check_healed(self):
        """Check that there is nothing to do, and that outputs come back from the cache where they are lost."""
        self.check_idle()
        self.lose_outputs()
        self.lose_index()
        report = self.run()
        self.check(report, notices=0)
        assert ({}, 0) == (dict(report.executed), report.damaged)

    def check_victims(self):
        """Check that what stands outside the cache is as it was."""
        assert VICTIM == (self.folder / "victim.txt").read_text()
        names = {path.name for path in self.folder.iterdir()} - {"kept"}
        assert {"photos", "out", "cache", "pristine", "victim.txt"} == names


def make_bed(folder):
    """Draw pictures, run the graph over them until there is nothing to do, and keep a copy of the cache."""
    draw_photos(folder, PICTURES)
    expected = {}
    for path in sorted((folder / "photos").iterdir()):
        large = enlarge(load_image(path))
        write_image(darken(resize(large, (8, 8))), folder / "expected.png")
        expected[f"{path.stem}.png"] = ((folder / "expected.png").read_bytes(), mean_brightness(large))
    (folder / "expected.png").unlink()
    (folder / "victim.txt").write_text(VICTIM)
    bed = Bed(folder, expected)
    bed.check(bed.run())
    bed.check_idle()
    gc.collect()  # closes the databases, which takes their logs in
    shutil.copytree(bed.cache, folder / "pristine")
    return bed


@contextmanager
def settled():
    """Let every file count as left alone long ago: a trial need not wait two seconds for its own."""
    before, files.SETTLED_NS = files.SETTLED_NS, -(10**18)
    try:
        yield
    finally:
        files.SETTLED_NS = before


@contextmanager
def without_override():
    """Let permissions hold for this thread, also where it is root's."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or not hasattr(libc, "capset"):
        yield
        return
    header, before = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    dropped = (ctypes.c_uint32 * 6)(*before)
    dropped[0] &= ~_OVERRIDES
    assert libc.capset(header, dropped) == 0
    try:
        yield
    finally:
        libc.capset(header, before)
