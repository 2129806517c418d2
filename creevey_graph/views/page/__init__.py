"""The page of a run: one file that shows the graph, the run, its items and their pictures."""
