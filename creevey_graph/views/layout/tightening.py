"""
Moving upright chains to where their lines are shortest, after Brandes and Köpf have placed them.

Their balanced layout is the mean of four, which is even, but leaves lines longer than they need be where the
four differ. Here every chain goes to where all lines together are shortest, as far as those beside it allow:
no order and no distance is lost.
"""

from collections.abc import Sequence

from creevey_graph.views.layout.chains import Chains, chains_of
from creevey_graph.views.layout.compaction import Distance
from creevey_graph.views.layout.layers import Layers
from creevey_graph.views.layout.simplex import shorten

MOST_PASSES = 16
MOST_WORK = 120_000
MOST_SIMPLEX_WORK = 600_000
"""Bounds on the time for large graphs: vertices moved, nodes and edges that the simplex method looks at."""
CLOSE_PX = 0.01


def tighten(
    layers: Layers, rows: Sequence[Sequence[int]], xs: Sequence[float], distance: Distance
) -> list[float]:
    """Return the x of each vertex after moving chains to where their lines are shortest."""
    chains = chains_of(layers, rows, xs, distance)
    at = [0.0] * len(chains.order)
    for vertex, x in enumerate(xs):
        at[chains.of[vertex]] = x
    at = shortest(chains, at, MOST_SIMPLEX_WORK)
    for turn in range(min(MOST_PASSES, max(1, MOST_WORK // len(xs)))):
        moved = 0.0
        for chain in chains.order if turn % 2 == 0 else reversed(chains.order):
            moved = max(moved, move(chains, at, chain))
        if moved < CLOSE_PX:
            break
    return [at[chain] for chain in chains.of]


def shortest(chains: Chains, at: Sequence[float], most_work: int) -> list[float]:
    """
    Return the x of each chain for which all lines, by weight, go least far sideways.

    Many places are as good as each other, as for a node between its two readers. So the leftmost and the
    rightmost ones are found, and their mean taken: it is as short, and keeps every distance, as both do.

    Source: Gansner et al. (1993), section 4.2: each line gets a node of its own that stands left of both its
    ends, and the network simplex method does the rest.
    """
    left = leftmost(chains, at, most_work)
    right = [-x for x in leftmost(chains.mirrored(), [-x for x in at], most_work)]
    middle = sum(b - a for a, b in zip(left, right, strict=True)) / len(at)  # the whole may stand anywhere
    return [(a + b - middle) / 2 for a, b in zip(left, right, strict=True)]


def leftmost(chains: Chains, at: Sequence[float], most_work: int) -> list[float]:
    """Return the x of each chain for which lines are shortest, and of these the ones that are furthest left."""
    places = list(at)
    unit = len(at) + 1  # all pulls to the left together weigh less than one line
    anchor = len(places)
    places.append(min(at))
    edges = [(anchor, chain) for chain in range(len(at))]
    weights = [1] * len(at)
    lengths = [0.0] * len(at)
    for chain, found in enumerate(chains.before):
        edges += [(other, chain) for other in found]
        weights += [0] * len(found)
        lengths += found.values()
    for chain, lines in enumerate(chains.lines):
        for other, weight in lines.items():
            if other > chain:
                edges += [(len(places), chain), (len(places), other)]
                weights += [weight * unit] * 2
                lengths += [0.0, 0.0]
                places.append(min(at[chain], at[other]))
    edges += chains.pairs
    weights += [unit] * len(chains.pairs)
    lengths += [0.0] * len(chains.pairs)
    return shorten(places, edges, weights, lengths, most_work)[:anchor]


def move(chains: Chains, at: list[float], chain: int) -> float:
    """Move one chain as far as it may towards where it would go; return how far that was."""
    low = max((at[other] + least for other, least in chains.before[chain].items()), default=float("-inf"))
    high = min((at[other] - least for other, least in chains.after[chain].items()), default=float("inf"))
    if chains.inward[chain]:
        goal = high if chains.inward[chain] > 0 else low
    elif chains.lines[chain]:
        goal = middle_of([(at[other], weight) for other, weight in chains.lines[chain].items()])
    else:
        return 0.0
    goal = max(low, min(high, goal))
    step = abs(goal - at[chain])
    at[chain] = goal
    return step


def middle_of(goals: list[tuple[float, float]]) -> float:
    """Return the weighted median of (x, weight); the middle between two where both are as good."""
    goals.sort()
    half = sum(weight for _, weight in goals) / 2
    passed = 0.0
    for (x, weight), (after, _) in zip(goals, [*goals[1:], goals[-1]], strict=True):
        passed += weight
        if passed > half:
            return x
        if passed == half:
            return (x + after) / 2
    return goals[-1][0]
