"""The page of a run: one HTML file with its graph, its items and their pictures; `write_page` writes it."""

from creevey_graph.views.page.data import page_data, run_data, state_data, timeline_data
from creevey_graph.views.page.writing import checked_page, write_page

__all__ = ["checked_page", "page_data", "run_data", "state_data", "timeline_data", "write_page"]
