"""R13: hostile servers: 66 behaviours one by one, those thought of since, and all of them mixed with good ones."""

import os

from servers_mixed import try_mix
from servers_table import ASKED, MORE
from servers_tried import try_table
from trial import Trial


def _missing() -> str:
    return "" if os.access("/proc/self/clear_refs", os.W_OK) else "the peak of memory cannot be measured"


TRIALS = (
    Trial(
        "R13",
        "asked",
        "the hostile behaviours of the plan's table, in a real run; then polite servers have the right pictures",
        "behaviours",
        66,
        660,
        lambda seed, folder: try_table(ASKED, seed, folder),
        _missing,
    ),
    Trial(
        "R13",
        "more",
        "hostile behaviours thought of since, likewise",
        "behaviours",
        len(MORE),
        10 * len(MORE),
        lambda seed, folder: try_table(MORE, seed, folder),
        _missing,
    ),
    Trial(
        "R13",
        "mixed-threads",
        "of 1000 URLs 20 % hostile at random: 800 equal, 200 told with a reason, less than twice the time",
        "mixes",
        1,
        800,
        lambda seed, folder: try_mix(seed, folder, executor="threads", count=1000),
        _missing,
    ),
    Trial(
        "R13",
        "mixed-processes",
        "of 150 URLs in worker processes 20 % hostile at random: 120 equal, 30 told with a reason",
        "mixes",
        1,
        200,
        lambda seed, folder: try_mix(seed, folder, executor="processes", count=150),
        _missing,
    ),
)
