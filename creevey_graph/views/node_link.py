"""The graph as data: what networkx calls node-link, with the state of its nodes where there is one."""

import json
from typing import Any

from creevey_graph.shape import Shape, ShapeNode
from creevey_graph.state import GraphState, NodeState

SCHEMA = 1
"""It changes when a field is renamed or means something else."""


def draw_json(shape: Shape, state: GraphState | None = None) -> str:
    """Return `graph_data` as JSON text, ASCII only, the schema's number first."""
    return json.dumps({"schema": SCHEMA, **graph_data(shape, state)}, indent=2)


def graph_data(shape: Shape, state: GraphState | None = None) -> dict[str, Any]:
    """Return nodes and edges as `networkx.node_link_graph(data, edges="edges")` reads them."""
    nodes: list[dict[str, Any]] = [{"id": name, "kind": "input"} for name in shape.inputs]
    nodes += [_node_data(node, state) for node in shape.nodes]
    edges = [
        {"source": source, "target": reader, "parameters": list(parameters)}
        for source, reader, parameters in shape.edges
    ]
    data: dict[str, Any] = {
        "directed": True,
        "multigraph": False,
        "graph": {
            "name": shape.name,
            "about": shape.about,
            "parameters": {one.name: one.text for one in shape.parameters},
            "feeds": {one.name: [list(pair) for pair in one.feeds] for one in shape.parameters},
        },
        "nodes": nodes,
        "edges": edges,
        "outputs": {column: node.name for node in shape.nodes for column in node.columns},
    }
    if state is not None:
        data["state"] = {
            "kind": state.kind,
            "title": state.title,
            "total": state.total,
            "counts": {str(outcome): count for outcome, count in state.counts.items()},
            "reasons": dict(state.reasons),
        }
    return data


def _node_data(node: ShapeNode, state: GraphState | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": node.name,
        "kind": node.kind,
        "step": node.step,
        "policy": node.policy,
        "level": node.level,
        "group": list(node.group),
        "arguments": [list(pair) for pair in node.arguments],
        "columns": list(node.columns),
        "output": node.output,
        "about": node.about,
        "place": node.place,
        "downloads": node.downloads,
    }
    own = None if state is None else state.nodes.get(node.name)
    if own is not None:
        data["policy"] = own.policy or node.policy
        data["state"] = _state_data(own)
    return data


def _state_data(node: NodeState) -> dict[str, Any]:
    stored = node.stored
    return {
        "counts": {str(outcome): count for outcome, count in node.counts.items()},
        "seconds": node.seconds,
        "why": node.why,
        "stale": node.is_stale,
        "changed": node.is_changed,
        "stored": None if stored is None else {"values": stored.values, "bytes": stored.bytes},
    }
