"""
`creevey-graph explore`: the page of a run while it runs, and previews of its items, on loopback only.

Nothing here writes: not to the output folder, not to the cache, not beside the pictures.
"""
