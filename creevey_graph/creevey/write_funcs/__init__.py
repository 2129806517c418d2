"""Functions that write; those for pictures stand in `image`."""
