"""A listener that remembers what a run told, and small graphs of numbers that count their calls."""

from collections import Counter

from creevey_graph.events import ItemFinished, ItemsCached, Noticed, RunFinished, RunStarted
from creevey_graph.journal import rows_of


class Witness:
    """Remembers every event. State: rows = index -> row; executed = node -> items; notices; end."""

    def __init__(self):
        self.rows = {}
        self.order = []
        self.executed = Counter()
        self.notices = []
        self.begin = None
        self.end = None

    def __call__(self, event):
        if isinstance(event, ItemsCached):
            for single in rows_of(event):
                self(single)
        elif isinstance(event, ItemFinished):
            assert event.index not in self.rows, f"item {event.index} ended twice"
            self.rows[event.index] = event.row
            self.order.append(event.index)
            self.executed.update(event.executed)
        elif isinstance(event, Noticed):
            self.notices.append(event.text)
        elif isinstance(event, RunStarted):
            self.begin = event
        elif isinstance(event, RunFinished):
            self.end = event


def facts_of(row):
    """Return a row without what differs from run to run: seconds, and the text of a traceback."""
    return (
        row.key,
        row.source,
        str(row.outcome),
        row.step,
        row.error,
        row.reason,
        row.outputs,
        dict(row.fields),
    )


def outputs_of(folder):
    """Return relative path -> bytes of every file below *folder*, temporary ones included."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def age(monkeypatch):
    """Make every file count as left alone long ago, so that a test need not wait two seconds."""
    monkeypatch.setattr("creevey_graph.fingerprint.files.SETTLED_NS", -(10**18))
