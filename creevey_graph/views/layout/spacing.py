"""Distances that a layout keeps."""

import math

import attrs


def _at_least_zero(_: object, field: "attrs.Attribute[float]", value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"'{field.alias}' must be a number of at least 0 (got {value!r})")


@attrs.frozen
class Spacing:
    """
    Distances, in px.

    Args:
        node_gap: Between two boxes side by side.
        rank_gap: Between two rows, groups' borders not counted.
        padding: Between a group's border and what is in it.
        title: Height of the line over a group's nodes that holds its name.
    """

    node_gap: float = attrs.field(validator=_at_least_zero, alias="node_gap_px")
    rank_gap: float = attrs.field(validator=_at_least_zero, alias="rank_gap_px")
    padding: float = attrs.field(validator=_at_least_zero, alias="group_padding_px")
    title: float = attrs.field(validator=_at_least_zero, alias="group_title_px")
