"""
The graph as users meet it: `@graph`, and `Graph` with run, plan, preview and draw.

Each method is one call into the floor that does the work.
"""

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from creevey_graph.allowance import chosen_memory
from creevey_graph.archive import new_report
from creevey_graph.cache import Cache
from creevey_graph.choices import Options, accepted_in, check_failures_known, chosen_size, open_cache
from creevey_graph.display import mimebundle
from creevey_graph.errors import RunFailed, RunInterrupted, UsageError
from creevey_graph.events import Event, GraphDeclared, Listener, Row
from creevey_graph.freeze import freeze
from creevey_graph.graph import Graph as DeclaredGraph
from creevey_graph.journal import Journal
from creevey_graph.listing import list_items
from creevey_graph.look import Known
from creevey_graph.places import check_places
from creevey_graph.plan import Plan
from creevey_graph.planner import make_plan, preview_item, reproduce_row
from creevey_graph.preview import Preview
from creevey_graph.report import Report
from creevey_graph.runner import run
from creevey_graph.shape import shape_of, shape_to_json
from creevey_graph.telling import Teller
from creevey_graph.views.progress import open_progress

if TYPE_CHECKING:
    from creevey_graph.accept import Acceptance, Standing
    from creevey_graph.explanation import Explanation

View = Literal["text", "svg", "html", "mermaid", "dot", "json"]


class Graph(DeclaredGraph):
    """
    Nodes wired by calls, that can run.

    Made by `@graph`, by `a | b`, or by hand: `Graph("name")`, `input`, `add`, `connect`, `output`.
    """

    _repr_mimebundle_ = mimebundle

    def run(
        self,
        items: Any,
        *,
        out: Path | str | None = None,
        jobs: int | None = None,
        executor: str | Executor = "auto",
        cache: Cache | Path | str | Literal[False] | None = None,
        cache_size: int | str | None = None,
        worker_memory: int | str | Literal[False] | None = None,
        item_timeout_s: float | None = None,
        on_error: str = "continue",
        catch: type[BaseException] | tuple[type[BaseException], ...] = (),
        max_failures: int | None = None,
        progress: bool | str = "auto",
        refresh: bool = False,
        prune: bool = False,
        retry_failed: bool | None = None,
        only_failed: bool = False,
        listeners: Sequence[Listener] = (),
    ) -> Report:
        """
        Run every item through the graph, as far as it is not up to date.

        Args:
            items: A file, a folder, a glob, a list of paths or URLs, a file of URLs (.txt), a table
                (.csv, .tsv, .jsonl, .parquet), "-" for standard input, rows (mappings), or a `sources` object.
            out: Folder that writers' templates are relative to.
            jobs: Items in hand at once; by default the processors there are, or 16 where the graph
                downloads.
            executor: "auto", "serial", "threads", "processes", or any `concurrent.futures.Executor`.
            cache: A folder, a `Cache`, or False for none; by default `CREEVEY_CACHE_DIR` or `.creevey`.
            cache_size: What the cache may keep after the run, bytes or a text such as "20GB"; beyond it the
                values that save the fewest seconds per byte are dropped, and a notice tells which. By
                default `CREEVEY_CACHE_SIZE`, else any size.
            worker_memory: What a worker process may take (bytes, or a text such as "4GB"; False for any) beyond
                what it begins with; an item that wants more fails. On Linux; threads have no limit. By
                default `CREEVEY_WORKER_MEMORY`, else half of the machine's shared out, 4 GB at least.
            item_timeout_s: Seconds for one item, whose worker process is then ended ("auto" takes processes).
            on_error: "continue" (record and go on), "stop" (finish what is in hand) or "raise".
            catch: Exceptions that only fail their item, where others stop or raise as *on_error* says.
            max_failures: Stop after this many failed items.
            progress: True, False, or "auto": a bar at a terminal or in a notebook, else lines.
            refresh: Run everything, whatever the cache has.
            prune: Delete outputs in *out* that no item stands behind any more.
            retry_failed: Whether an item that failed last time, of which nothing has changed since, is tried
                again: True, False (reported as failed without being tried), or None: tried unless the
                failure is one that does not pass by itself, such as a 404.
            only_failed: Look only at the items that failed last time; the report has their rows alone.
            listeners: Called with every event.

        Returns:
            The report: one row per item, in input order.

        Raises:
            GraphError: The graph, its output paths or its steps cannot be used; nothing has run.
            SourceError: Items cannot be listed.
            UsageError: An option has a value it cannot have.
            RunFailed: on_error="raise" and an item failed; holds the report, its cause is the exception.
            RunInterrupted: Ctrl-C, or as `RunTerminated` SIGTERM or SIGHUP; holds the report. These two are
                heeded in the main thread, where the program has no handler of its own and does not ignore them.
        """
        folder = None if out is None else Path(out)
        check_failures_known(only_failed=only_failed, has_cache=cache is not False)
        opened, notice = open_cache(cache)
        accepted, problem = accepted_in(opened)
        listing = list_items(self, items, folder, accepted)
        options = Options(
            out=folder,
            jobs=jobs,
            executor=executor,
            cache=opened,
            on_error=on_error,
            catch=catch,
            max_failures=max_failures,
            refresh=refresh,
            prune=prune,
            retry_failed=retry_failed,
            only_failed=only_failed,
            cache_size=chosen_size(cache_size),
            worker_memory=chosen_memory(worker_memory),
            item_timeout_s=item_timeout_s,
        )
        known = Known.open(opened, listing.frozen, folder)
        check_places(listing, folder, known.index)
        report = Report(new_report(opened))
        report.origin = functools.partial(reproduce_row, listing, opened)
        report.make_previewer = lambda: _asked_for("previews").Previewer(lambda _: listing, folder, opened)
        journal = Journal(report.path)

        def record(event: Event) -> None:
            report.add(event, journal(event))

        heard: list[Listener] = [record, *listeners]
        if (bar := open_progress(progress, sys.stderr)) is not None:
            heard.append(bar)
        try:
            tell = Teller(heard)
            tell.emit(GraphDeclared(shape_to_json(shape_of(self))))
            for text in filter(None, (notice, problem, *listing.notices)):
                tell.notice(text)
            run(listing, options, heard, known)
        except (RunFailed, RunInterrupted) as exc:
            exc.report = report
            raise
        finally:
            journal.close()
            if bar is not None:
                bar.close()
        return report

    def plan(
        self,
        items: Any,
        *,
        out: Path | str | None = None,
        cache: Cache | Path | str | Literal[False] | None = None,
        refresh: bool = False,
    ) -> Plan:
        """
        Say what `run` would do and why, running nothing.

        Raises:
            GraphError: The graph or its output paths cannot be used.
            SourceError: Items cannot be listed.
        """
        folder = None if out is None else Path(out)
        opened, _ = open_cache(cache)
        listing = list_items(self, items, folder, accepted_in(opened)[0])
        known = Known.open(opened, listing.frozen, folder)
        check_places(listing, folder, known.index)
        plan = make_plan(listing, known, folder, opened, refresh=refresh)
        plan.shape = shape_of(self)
        return plan

    def explain(
        self,
        item: Any,
        *,
        among: Any = None,
        out: Path | str | None = None,
        cache: Cache | Path | str | Literal[False] | None = None,
    ) -> "Explanation":
        """
        Say what `run` would do with one item, step by step, and why: with old and new code; runs nothing.

        Args:
            item: The item as `run` takes it, such as its path, or the key it was run under.
            among: The items of the run: then *item* is the key, path or URL of one of them. Needed where
                an item has columns, or several values.
            out: Output folder of the run.
            cache: Cache of the run.

        Raises:
            SourceError: There is no such item, or it cannot be read.
            UsageError: It is several items.
            GraphError: The graph or its output paths cannot be used.
        """
        opened, _ = open_cache(cache)
        folder = None if out is None else Path(out)
        explained: Explanation = _asked_for("explain").explain_item(
            self, item, folder, opened, accepted_in(opened)[0], among=among
        )
        return explained

    def accept(
        self, step_name: str, *, cache: Cache | Path | str | None = None, undo: bool = False
    ) -> "Acceptance":
        """
        Say that the edit of a step is harmless: its results are kept, and nothing runs for it.

        Its code counts as that of the latest run with this cache. Parameters are not covered.

        Args:
            step_name: Name of the node, as `status` shows it.
            cache: Cache of the run.
            undo: Take it back: the edited code runs. Where the code as it is now was not accepted, all that
                was accepted of the step is taken back.

        Raises:
            UsageError: There is no such step, it was never run, or there is nothing to accept or undo.
            CacheError: The cache cannot be used.
        """
        opened = cache if isinstance(cache, Cache) else Cache(cache)
        acceptance: Acceptance = _asked_for("accept").accept_edit(self, step_name, opened, undo=undo)
        return acceptance

    def accepted(self, *, cache: Cache | Path | str | None = None) -> "tuple[Standing, ...]":
        """
        Return the edits that are accepted for this graph, with when, and the steps they cover as these are now.

        Raises:
            CacheError: The cache cannot be used.
        """
        opened = cache if isinstance(cache, Cache) else Cache(cache)
        return tuple(_asked_for("accept").list_accepted(self, opened))

    def preview(self, item: Any, *, on_error: str = "raise") -> Preview:
        """
        Run one item in this process without writing or caching; return every node's value.

        Args:
            item: One item: a path, a URL, or a row; of several items the first is taken.
            on_error: "raise", or "keep" to return the values up to the step that failed or left the item out.

        Raises:
            SourceError: There is no item.
            UsageError: *on_error* is something else.
            Exception: Whatever a step raises, unless it is kept.
        """
        listing = list_items(self, [item] if isinstance(item, Mapping) else item, Path())
        for first in listing:
            return preview_item(listing.frozen, first, shape_of(self), on_error=on_error)
        raise UsageError(f"preview of graph '{self.name}': there is no item in {item!r}")

    def reproduce(
        self, row: Row, items: Any, *, cache: Cache | Path | str | Literal[False] | None = None
    ) -> Any:
        """
        Run the step that failed for a row again in this process; see `Row.reproduce`.

        Args:
            row: A failed row, such as one of `Report.load(path).failed`.
            items: The items of that run.
            cache: As for `run`.

        Raises:
            SourceError: There is no such item.
            Exception: What the step raises.
        """
        return reproduce_row(list_items(self, items, Path()), open_cache(cache)[0], row)

    @overload
    def draw(self, to: View = "text", *, state: Plan | Report | None = None) -> str: ...
    @overload
    def draw(self, to: Path, *, state: Plan | Report | None = None) -> Path: ...
    @overload
    def draw(self, to: str, *, state: Plan | Report | None = None) -> str | Path: ...
    def draw(self, to: str | Path = "text", *, state: Plan | Report | None = None) -> str | Path:
        """
        Return the graph as text, or write it to a file and return its path.

        Args:
            to: A view ("text", "svg", "html", "mermaid", "dot", "json"), or a path that ends in .svg, .html,
                .mmd, .dot, .txt, .json, or .png where a converter is installed.
            state: What a plan or a run says: counts, seconds, and what changed are shown at each node.

        Raises:
            UsageError: There is no such view, or the file cannot be written.
        """
        drawn: str | Path = _asked_for("views.drawing").draw_graph(self, to, state)
        return drawn

    def untracked(self) -> tuple[str, ...]:
        """Return what the fingerprints of this graph's steps could not see through."""
        return freeze(self).untracked


@overload
def graph(function: Callable[..., Any], /) -> Graph: ...
@overload
def graph(function: None = None, /, *, name: str | None = None) -> Callable[[Callable[..., Any]], Graph]: ...
def graph(
    function: Callable[..., Any] | None = None, /, *, name: str | None = None
) -> Graph | Callable[[Callable[..., Any]], Graph]:
    """
    Make a graph of a function that calls steps: traced once, now, on symbolic items.

    Positional parameters are item inputs; keyword-only ones are graph parameters, concrete while
    tracing, so that an ordinary `if` works on them. The function may return nothing, a node, a
    tuple or a dict; dict keys name the report's columns.

    Raises:
        GraphError: The graph is not valid, or its body needs an item's value.

    >>> from creevey_graph import step
    >>> @step
    ... def double(number: int) -> int:
    ...     return 2 * number
    >>> @graph
    ... def twice(number: int):
    ...     return {"doubled": double(number)}
    >>> twice
    <graph twice(number): double>
    """

    def declare(function: Callable[..., Any]) -> Graph:
        made = Graph.trace(function)
        if name is not None:
            made.name = made.__name__ = name
        return made

    return declare if function is None else declare(function)


def _asked_for(module: str) -> Any:
    """Return a module that runs do not need, so that they are spared its import."""
    return import_module(f"creevey_graph.{module}")
