"""Ops that report; those for pictures stand in `image`."""

from creevey_graph.arrays.report import get_report_output_decorator, report_output

__all__ = ["get_report_output_decorator", "report_output"]
