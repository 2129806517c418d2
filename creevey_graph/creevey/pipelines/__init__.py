"""`Pipeline` and its kin; a ready-made one for pictures stands in `image`."""

from creevey_graph.pipeline import CustomReportingPipeline, Pipeline
from creevey_graph.run_report import RUN_REPORT_COLS

__all__ = ["RUN_REPORT_COLS", "CustomReportingPipeline", "Pipeline"]
