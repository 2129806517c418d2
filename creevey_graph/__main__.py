"""`python -m creevey_graph` is `creevey-graph`."""

from creevey_graph.cli import main

if __name__ == "__main__":
    main(prog_name="creevey-graph")
