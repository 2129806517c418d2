"""To come."""

TRIALS = ()
