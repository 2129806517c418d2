"""What the demo does, run by run, and what it claims will be executed each time."""

from collections.abc import Mapping

import attrs

from creevey_graph import Graph
from creevey_graph.demo.graphs import thumbnails, warm_edited

small = thumbnails.bind(size=(128, 128))
measured = small.bind(measured=True)


@attrs.frozen
class Act:
    """
    One run of the demo.

    Args:
        name: Title of its column.
        change: What was changed since the last run.
        graph: What is run.
        lesson: What is to be seen.
        downloads: Whether every picture is asked of the server.
        runs: Nodes that are executed for every picture since something above or in them changed.
        feeds: Nodes that are executed again only to feed those: their pictures are not stored.
    """

    name: str
    change: str
    graph: Graph
    lesson: str
    downloads: bool = False
    runs: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()

    def expected(self, count: int) -> Mapping[str, int]:
        """Return node -> how often it is executed, for *count* pictures."""
        return dict.fromkeys((*self.runs, *self.feeds), count)


ACTS = (
    Act(
        "first",
        "The first run",
        thumbnails,
        "Every picture is downloaded, and every step runs.",
        downloads=True,
        runs=("download", "load_image", "trim", "warm", "resize", "write_image"),
    ),
    Act(
        "again",
        "The same again",
        thumbnails,
        "Nothing to do: no step runs, and the server is not asked.",
    ),
    Act(
        "size",
        "Another size: small = thumbnails.bind(size=(128, 128))",
        small,
        "Only resize and write_image had to; the steps above run to feed them, from downloads in the cache.",
        runs=("resize", "write_image"),
        feeds=("load_image", "trim", "warm"),
    ),
    Act(
        "branch",
        "A second branch, the column brightness: small.bind(measured=True)",
        measured,
        "Only the new branch runs, and what feeds it; the thumbnails stay as they are.",
        runs=("mean_brightness",),
        feeds=("load_image", "trim"),
    ),
    Act(
        "edit",
        "An edit: the step warm now brightens, too",
        measured.replace("warm", warm_edited),
        "warm and what stands below it run; the brightness, beside it, does not.",
        runs=("warm", "resize", "write_image"),
        feeds=("load_image", "trim"),
    ),
)
