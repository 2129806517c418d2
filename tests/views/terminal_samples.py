"""Plans, reports, explanations and shapes with fixed figures, to be shown at terminals."""

from creevey_graph import Report
from creevey_graph.changes import Change
from creevey_graph.events import (
    GraphDeclared,
    ItemFinished,
    ItemsCached,
    Noticed,
    Outcome,
    Reason,
    Row,
    RunFinished,
    RunStarted,
    WorkersStarted,
)
from creevey_graph.explanation import Explanation, NodeExplanation
from creevey_graph.journal import Journal
from creevey_graph.plan import Action, NodeCount, Plan
from creevey_graph.shape import Shape, ShapeNode, ShapeParameter, shape_to_json

WHERE_IT_PAYS, SMALL, FINAL = "kept where it pays", "kept where small", "kept: final encoding"


def node(name, *reads, policy=WHERE_IT_PAYS, group=(), columns=(), kind="step", level="item", more=()):
    arguments = (*(("", read) for read in reads), *more)
    return ShapeNode(
        name, name, kind, level, group=group, arguments=arguments, policy=policy, columns=columns
    )


def shape(name, inputs, nodes, parameters=()):
    """Return a shape whose edges are told by what its nodes read."""
    known = {*inputs, *(one.name for one in nodes)}
    edges = tuple(
        (text, one.name, ("value",))
        for one in nodes
        for parameter, text in one.arguments
        if not parameter and text in known
    )
    return Shape(name, tuple(inputs), tuple(nodes), edges, tuple(parameters))


TRAINING = shape(
    "training_set",
    ["photo"],
    [
        node("load_image", "photo"),
        node("trim", "load_image", more=[("bottom", "100")]),
        node("mean_brightness", "trim", policy=SMALL, columns=("brightness",)),
        node("tone", "trim"),
        node("resize", "tone", more=[("size", "(224, 224)")]),
        node(
            "write_image",
            "resize",
            policy=FINAL,
            kind="writer",
            columns=("file",),
            more=[("", "'{stem}.jpg'")],
        ),
    ],
    [ShapeParameter("size", "(224, 224)", (("resize", "size"),))],
)
LINEAR = shape(
    "small",
    ["photo"],
    [
        node("load_image", "photo"),
        node("resize", "load_image", more=[("size", "(8, 8)")]),
        node("write_image", "resize", policy=FINAL, kind="writer", more=[("", "'{stem}.png'")]),
    ],
)
MERGED = shape(
    "masked",
    ["photo", "mask"],
    [
        node("load_image", "photo"),
        node("load_mask", "mask"),
        node("trim", "load_image", group=("cleaned",)),
        node("blur", "trim", group=("cleaned", "soft"), more=[("radius", "2.0")]),
        node("sharpen", "trim", group=("cleaned",)),
        node("edges", "load_mask"),
        node("blend", "blur", "sharpen", "load_mask"),
        node("文件", "blend", policy=SMALL, columns=("名前",)),
        node("compared", "edges", "blend", policy=SMALL, columns=("likeness", "distance")),
        node("palette", "compared", level="set", policy=SMALL),
    ],
    [
        ShapeParameter("radius", "2.0", (("blur", "radius"),)),
        ShapeParameter("token", "…"),
    ],
)
TONE_CHANGED = "code changed: step 'tone' helper normalise (tone -> normalise, levels.py)"


def first_plan():
    """Return the plan of a set that was never run."""
    return Plan(
        "training_set",
        20,
        nodes={one.name: NodeCount(runs=20) for one in TRAINING.nodes},
        policies={one.name: one.policy for one in TRAINING.nodes},
        reasons={"new item": 20},
        shape=TRAINING,
    )


def edited_plan():
    """Return the plan after an edit, with everything else that there may be to tell."""
    counts = {
        "load_image": NodeCount(runs=1_020, loads=3, kept=477),
        "trim": NodeCount(runs=1_020, kept=480),
        "mean_brightness": NodeCount(runs=2, kept=1_498),
        "tone": NodeCount(runs=1_019, kept=481),
        "resize": NodeCount(runs=1_019, kept=481),
        "write_image": NodeCount(runs=1_019, restores=7, kept=474),
    }
    recomputed = "recomputed: quick to make again (14.5 ms an item)"
    policies = {
        "load_image": recomputed,
        "trim": recomputed,
        "tone": "undecided: measured in the next run",
        "resize": recomputed,
    }
    return Plan(
        "training_set",
        1_500,
        474,
        nodes=counts,
        policies={one.name: policies.get(one.name, one.policy) for one in TRAINING.nodes},
        reasons={TONE_CHANGED: 1_017, "output missing: IMG_0001.jpg": 7, "new item": 2},
        orphans=("old.jpg",),
        untracked=("step 'tone': getattr by a name that is computed (levels.py:3)",),
        accepted=("trim",),
        notices=("2 duplicates in urls.txt: the first of each is taken",),
        changes={"tone": TONE_CHANGED},
        seconds={"load_image": 0.0145, "trim": 0.0006, "resize": 0.019, "write_image": 0.004},
        shape=TRAINING,
    )


def ran_report(folder):
    """Return the report of a run in which everything happened that can."""
    report = Report(folder / "run.jsonl")
    journal = Journal(report.path)
    names = tuple(one.name for one in TRAINING.nodes)
    times = {
        "load_image": 0.02,
        "trim": 0.001,
        "mean_brightness": 0.002,
        "tone": 0.25,
        "resize": 0.03,
        "write_image": 0.01,
    }
    events = [
        GraphDeclared(shape_to_json(TRAINING)),
        Noticed("2 duplicates in urls.txt: the first of each is taken"),
        RunStarted("training_set", 60, (), "auto", "20260101", nodes=names),
        WorkersStarted("threads", 2),
        ItemsCached([], b"", 0),
    ]
    for index in range(60):
        key = f"IMG_{index:04}.jpg"
        if index < 40:
            row = Row(key, key, Outcome.DONE, reason=str(Reason.NEW_ITEM), seconds=times)
            events.append(ItemFinished(index, row, executed=names, at_s=0.2 * index))
        elif index < 50:
            events.append(ItemFinished(index, Row(key, key, Outcome.CACHED)))
        elif index < 53:
            row = Row(key, key, Outcome.RESTORED, reason="output missing")
            events.append(ItemFinished(index, row, restored=("write_image",)))
        elif index < 55:
            row = Row(key, key, Outcome.SKIPPED, "trim", "smaller than 224 px", seconds={"load_image": 0.02})
            events.append(ItemFinished(index, row, executed=("load_image",)))
        elif index < 58:
            row = Row(f"文件{key}", key, Outcome.FAILED, "load_image", "ImageError: not a picture")
            events.append(ItemFinished(index, row))
        else:
            events.append(ItemFinished(index, Row(key, key, Outcome.CANCELLED)))
    events.append(RunFinished(8.0, interrupted=True, orphans=("old.jpg",)))
    for event in events:
        if not isinstance(event, ItemsCached):
            report.add(event, journal(event))
    journal.close()
    return report


def explanation():
    """Return what explain finds out of an item after an edit of a helper, and of a parameter."""
    before = "def normalise(level, *, gamma=1.0):\n    low = LOW\n    return min(level * 1.1, LIMIT)\n"
    after = (
        "def normalise(level, *, gamma=1.0):\n    low = LOW\n    return min(level * 1.2, LIMIT)\n    # 文件\n"
    )
    edit = Change(
        Reason.CODE_CHANGED,
        "step 'tone' helper normalise (tone -> normalise, levels.py)",
        "normalise",
        ("tone", "normalise"),
        "/home/me/levels.py",
        before,
        after.replace("    # 文件\n", ""),
    )
    added = Change(Reason.CODE_CHANGED, "step 'resize'", "resize", (), "graph.py", before, after)
    return Explanation(
        "training_set",
        "IMG_0003.jpg",
        "photos/IMG_0003.jpg",
        edit.told,
        "",
        (
            NodeExplanation(
                "load_image", Action.RUN, "made again for 'trim': its values are not kept", "recomputed"
            ),
            NodeExplanation("mean_brightness", Action.KEEP, "up to date", SMALL),
            NodeExplanation("tone", Action.RUN, edit.told, "undecided: measured in the next run", (edit,)),
            NodeExplanation(
                "resize",
                Action.RUN,
                "parameter changed: resize.size (224, 224) -> (112, 112)",
                WHERE_IT_PAYS,
                (added,),
                ("getattr",),
            ),
            NodeExplanation("write_image", Action.RESTORE, "output missing: IMG_0003.jpg", FINAL),
        ),
    )
