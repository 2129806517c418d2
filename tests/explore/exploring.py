"""What the tests of `explore` share: a server with a plain page, a client, and a fold of its messages."""

import contextlib
import http.client
import json
import socket
import time

from creevey_graph.explore.columns import OUTCOMES
from creevey_graph.explore.feed import Looks
from creevey_graph.explore.items import Items
from creevey_graph.explore.previews import Previews
from creevey_graph.explore.server import Explorer
from creevey_graph.explore.watch import Watch

PATIENCE_S = 60
LOOKS = Looks(
    lambda report: {
        "counts": {str(outcome): n for outcome, n in report.counts.items()},
        "notices": report.notices,
    },
    lambda report: {"state": {"nodes": list(report.nodes)}, "graph_svg": ""},
    lambda report: {"bins": len(report.timeline.bins)},
)


def plain_page(feed, live, *, is_whole):
    """Return a page that tells where it asks, as JSON."""
    return json.dumps({"feed": feed and feed.number, "live": live, "is_whole": is_whole})


@contextlib.contextmanager
def serving(folder=None, *, path=None, loaded=None, source=None, page=plain_page, **options):
    """Serve what is in a cache folder, or in one journal."""
    limit_s = options.pop("limit_s", 30.0)
    watch = Watch(LOOKS, folder=folder, path=path, **options)
    explorer = Explorer(watch, Previews(loaded, Items(source), limit_s=limit_s), page)
    explorer.start()
    try:
        yield explorer
    finally:
        explorer.close()


def ask(explorer, target, *, method="GET", token=True, **headers):
    """Ask; return status, headers and body. Headers are named "Sec_Fetch_Site" for Sec-Fetch-Site."""
    connection = http.client.HTTPConnection(*explorer.address, timeout=PATIENCE_S)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    if token:
        target += f"{'&' if '?' in target else '?'}token={explorer.token}"
    try:
        connection.request(method, target, headers=named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def said(explorer, data):
    """Send raw bytes; return all that comes back."""
    with socket.create_connection(explorer.address, timeout=PATIENCE_S) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def awaited(look):
    """Return what *look* gives once it gives something."""
    until = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


class Folded:
    """
    A page, as far as the tests need one: folds messages as `views/page` describes them.

    State: rows = number -> row as a dict; texts; run, state, timeline = the last of each; ended; reset; seen = the
    last id; sizes = rows in each message.
    """

    def __init__(self, steps=()):
        self.steps = list(steps)
        self.rows = {}
        self.texts = []
        self.details = {}
        self.last = {}
        self.seen = 0
        self.sizes = []
        self.events = []

    def take(self, message):
        """Fold one server-sent message in, as bytes."""
        lines = dict(
            line.split(": ", 1) for line in message.decode("ascii").strip().split("\n") if line[0] != ":"
        )
        if "event" not in lines:
            return
        data = json.loads(lines["data"])
        self.events.append(lines["event"])
        if lines["event"] != "rows":
            self.last[lines["event"]] = data
            return
        self.seen = int(lines["id"])
        self.texts += data["texts"]
        self.details |= data["details"]
        columns = data["rows"]
        assert {len(data["index"])} == {len(values) for name, values in columns.items() if name != "fields"}
        self.sizes.append(len(data["index"]))
        for place, number in enumerate(data["index"]):
            assert data["from"] in (-1, number - place)
            fields = {name: values[place] for name, values in columns["fields"].items()}
            row = {name: values[place] for name, values in columns.items() if name != "fields"}
            self.rows[number] = {**row, "fields": fields}

    def told(self, number):
        """Return a row in words: key, source, outcome, step, reason, error, outputs, fields."""
        row = self.rows[number]
        text = lambda name: None if row[name] < 0 else self.texts[row[name]]  # noqa: E731
        step = None if row["step"] < 0 else self.steps[row["step"]]
        outcome = OUTCOMES[row["outcome"]]
        return (
            row["key"],
            row["source"] or row["key"],
            outcome,
            step,
            text("reason"),
            text("error"),
            row["outputs"] or [],
            row["fields"],
        )


def expected(row, columns=None):
    """Return a row of a report in the same words; *columns* are those that every row has."""
    return (
        row.key,
        row.source,
        str(row.outcome),
        row.step,
        row.reason or None,
        row.error or None,
        list(row.outputs),
        {name: row.fields.get(name) for name in columns or row.fields},
    )


def stream(explorer, target, folded, *, last_id=None):
    """Follow messages until the server ends them."""
    connection = http.client.HTTPConnection(*explorer.address, timeout=PATIENCE_S)
    headers = {} if last_id is None else {"Last-Event-ID": str(last_id)}
    try:
        connection.request("GET", f"{target}?token={explorer.token}", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        message = b""
        for line in answer:
            message += line
            if line == b"\n":
                folded.take(message)
                message = b""
                if "end" in folded.last or "reset" in folded.last:
                    break
    finally:
        connection.close()
    return folded
