"""
Creevey's `Pipeline`: load each inpath, apply ops, write. On top of a graph, so that a rerun does what changed.

Wildebeest is its later name. What functions are given stands in `stages`, how they are wired in `assembly`.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creevey_graph.arguments import (
    Catch,
    check_functions,
    checked_catch,
    checked_jobs,
    checked_ops,
    checked_path_func,
    skip_rule,
)
from creevey_graph.assembly import Form, assemble, form_of_run, takes_steps
from creevey_graph.errors import RunFailed, RunInterrupted, StepError, UsageError
from creevey_graph.executors import default_jobs
from creevey_graph.facade import Graph
from creevey_graph.inpaths import Inpaths, PathFunc, SkipFunc, list_inpaths
from creevey_graph.plan import Plan
from creevey_graph.report import Report
from creevey_graph.run_report import FinishTimes, log_failure, log_skipped, log_untracked, to_frame
from creevey_graph.signature import name_of

if TYPE_CHECKING:
    import pandas as pd

    from creevey_graph.explanation import Explanation

STRATEGIES: Mapping[str | None, str] = {None: "threads", "threads": "threads", "processes": "processes"}
"""parallel_strategy -> executor."""


class Pipeline:
    """
    Loads files from paths or URLs, changes them and writes them, many at once.

    `pipeline(inpaths, path_func, n_jobs)`, or `pipeline.run(...)`, runs it. By default it does what is not
    up to date: new inpaths, changed files, everything below a function that was edited, lost outputs.

    Args:
        load_func: Inpath -> what it holds.
        ops: Functions of one argument, each given what the one before returned; or one; or None.
        write_func: Called with what the last op returned and an outpath.
        parallel_strategy: "threads" (None is the same), or "processes" for functions that keep Python busy.
        name: What the graph is called.

    State: load_func, ops, write_func, parallel_strategy: as given, and may be set anew; report and
    run_report_: of the last run, once there was one.

    Thread safety: none; each thread runs a pipeline of its own.

    >>> pipeline = Pipeline(load_func=Path.read_text, ops=str.upper, write_func=lambda text, path: path.write_text(text))
    >>> print(pipeline.graph.draw())
    graph pipeline
      ○ inpath  (item input)
      ● read_text(inpath)                       [kept where small]
      ● upper(read_text)                        [kept where small]
      ■ lambda(upper, '{name}') -> file         [kept: final encoding]

    """

    _is_custom = False

    def __init__(
        self,
        load_func: Callable[..., Any],
        ops: Any = None,
        write_func: Any = None,
        parallel_strategy: str | None = None,
        *,
        name: str = "pipeline",
    ) -> None:
        # Wildebeest's order is (load_func, write_func, ops=None): then no function stands in write_func's place.
        if callable(ops) and not callable(write_func):
            ops, write_func = write_func, ops
        for role, func in (("load_func", load_func), ("write_func", write_func)):
            if not callable(func):
                raise StepError(f"pipeline '{name}': {role} must be a function (got {func!r})")
        self.name = name
        self.load_func = load_func
        self.write_func = write_func
        self.ops = ops
        self.parallel_strategy = parallel_strategy
        self._told: set[str] = set()
        self._ran: tuple[Report, Inpaths, FinishTimes] | None = None
        self._frame: pd.DataFrame | None = None

    @property
    def ops(self) -> list[Callable[..., Any]]:
        """What is done between loading and writing, in order."""
        return self._ops

    @ops.setter
    def ops(self, ops: Any) -> None:
        self._ops = checked_ops(self.name, ops)

    @property
    def parallel_strategy(self) -> str | None:
        """How items run beside each other: None, "threads" or "processes"."""
        return self._strategy

    @parallel_strategy.setter
    def parallel_strategy(self, strategy: str | None) -> None:
        if not (strategy is None or isinstance(strategy, str)) or strategy not in STRATEGIES:
            raise UsageError(
                f"pipeline '{self.name}': parallel_strategy must be None, 'threads' or 'processes' "
                f"(got {strategy!r})"
            )
        self._strategy = strategy

    @property
    def graph(self) -> Graph:
        """
        The graph as the functions are now; `plan` and `run` know the outpaths too.

        Raises:
            StepError: A function cannot be a step.
            GraphError: They do not make a graph.
        """
        return self._assembled(Form())

    def run(
        self,
        inpaths: Iterable[Any],
        outpath_func: PathFunc | None = None,
        n_jobs: int | None = None,
        skip_existing: bool | SkipFunc | None = None,
        exceptions_to_catch: Catch = Exception,
        *,
        path_func: PathFunc | None = None,
        skip_func: SkipFunc | None = None,
        **options: Any,
    ) -> Report:
        """
        Run every inpath through the pipeline, as far as it is not up to date.

        Args:
            inpaths: Paths, URLs or other values that *load_func* takes; one that comes again is left out.
            outpath_func: Inpath -> outpath. Where it returns None, a URL or another value for any inpath,
                *write_func* is called for each and in every run, since it cannot be seen what is there.
            n_jobs: How many at once; -1 for as many as there are processors; None to choose.
            skip_existing: True: leave inpaths alone that have a file at their outpath, whatever it is.
            exceptions_to_catch: What fails its inpath alone; anything else ends the run and is raised.
                None: everything is.
            path_func: Another name of *outpath_func*.
            skip_func: Inpath and outpath -> whether to leave it alone; asked before anything is loaded.
            options: As for `Graph.run`: cache, progress, refresh, max_failures, listeners ...

        Returns:
            The report; `run_report_` is it as a pandas frame.

        Raises:
            UsageError: An argument cannot be used. (A ValueError.)
            GraphError: Two inpaths have one outpath, or one would replace an inpath's file. (A ValueError.)
            Exception: What a function raised, unless it is caught; the report of the run is there all the same.

        """
        self._ran = self._frame = None
        if callable(skip_existing):  # in that place it is Wildebeest's skip_func
            skip_existing, skip_func = None, skip_existing
        catch, jobs = checked_catch(exceptions_to_catch), checked_jobs(n_jobs)
        find = checked_path_func(self.name, outpath_func, path_func)
        skip, why = skip_rule(self.name, skip_existing, skip_func)
        graph, source = self._prepared(
            list_inpaths(inpaths, find, skip, jobs=jobs or default_jobs(), why=why)
        )
        times = FinishTimes(len(source))
        catches_all = isinstance(catch, type) and issubclass(Exception, catch)
        run_options: dict[str, Any] = {
            "jobs": jobs,
            "executor": "serial" if jobs == 1 else STRATEGIES[self.parallel_strategy],
            "on_error": "continue" if catches_all else "raise",
            "catch": catch,
            **options,
            "listeners": (*options.get("listeners", ()), times, log_failure),
        }
        if run_options["executor"] not in ("serial", "threads"):
            source.make_portable()
        failed: BaseException | None = None
        try:
            report = graph.run(source, out=source.out, **run_options)
        except (RunFailed, RunInterrupted) as exc:
            report, failed = exc.report, exc.__cause__ or exc
        self._ran = (report, source, times)
        log_skipped(report, is_warning=bool(skip_existing))
        log_untracked(self.name, report, self._told)
        if failed is not None:
            raise failed
        return report

    __call__ = run

    @property
    def report(self) -> Report:
        """
        The report of the last run.

        Raises:
            AttributeError: There was none.
        """
        return self._last()[0]

    @property
    def run_report_(self) -> "pd.DataFrame":
        """
        The report of the last run as a pandas frame: inpath -> outpath, skipped, error, time_finished, and more.

        Raises:
            AttributeError: There was none.
            ImportError: pandas is not installed; `report` does without.
        """
        last = self._last()
        if self._frame is None:
            self._frame = to_frame(*last)
        return self._frame

    def _last(self) -> tuple[Report, Inpaths, FinishTimes]:
        if self._ran is None:
            raise AttributeError(
                f"pipeline '{self.name}' has not been run, so there is no run report; run it first"
            )
        return self._ran

    def plan(
        self,
        inpaths: Iterable[Any],
        path_func: PathFunc,
        *,
        skip_existing: bool = False,
        skip_func: SkipFunc | None = None,
        **options: Any,
    ) -> Plan:
        """
        Say what `run` would do and why, running nothing.

        Args:
            inpaths: As for `run`.
            path_func: As for `run`.
            skip_existing: As for `run`.
            skip_func: As for `run`.
            options: As for `Graph.plan`: cache, refresh.
        """
        skip, why = skip_rule(self.name, skip_existing, skip_func)
        find = checked_path_func(self.name, None, path_func)
        graph, source = self._prepared(list_inpaths(inpaths, find, skip, why=why))
        return graph.plan(source, out=source.out, **options)

    def explain(
        self, inpath: Any, path_func: PathFunc, *, out: Path | str | None = None, **options: Any
    ) -> "Explanation":
        """
        Say what `run` would do with one inpath, step by step, and why.

        Args:
            inpath: The inpath.
            path_func: As for `run`.
            out: The deepest folder that holds all outpaths of the run; by default that of the last run here,
                else the folder of this outpath.
            options: As for `Graph.explain`: cache.
        """
        folder = Path(out).absolute() if out is not None else self._ran[1].out if self._ran else None
        find = checked_path_func(self.name, None, path_func)
        graph, source = self._prepared(list_inpaths([inpath], find, out=folder))
        return graph.explain(source, out=source.out, **options)

    def _prepared(self, source: Inpaths) -> tuple[Graph, Inpaths]:
        """Return the graph for these outpaths, and the source with the values that it takes."""
        graph = self._assembled(form_of_run(are_local=source.are_local, as_text=source.are_text))
        with_outpaths, keeps_paths = "outpath" in graph.inputs, takes_steps(self.load_func)
        return graph, source.formed(with_outpaths=with_outpaths, keeps_paths=keeps_paths)

    def _assembled(self, form: Form) -> Graph:
        check_functions(self.name, self._ops)  # the list may have been changed
        return assemble(
            self.name, self.load_func, self._ops, self.write_func, form, is_custom=self._is_custom
        )

    def __repr__(self) -> str:
        functions = (self.load_func, *self._ops, self.write_func)
        return f"<{type(self).__name__} {self.name}: {' '.join(map(name_of, functions))}>"


class CustomReportingPipeline(Pipeline):
    """
    A `Pipeline` whose functions add columns to the run report.

    A function that accepts `log_dict` (or any keyword) is given one, and `inpath`, and may say
    `log_dict[inpath]["key"] = value`; functions that do not are simply called. Each item has a log of its own;
    what was reported is restored where the item is up to date. `report_output` and
    `get_report_output_decorator` make such functions.
    """

    _is_custom = True
