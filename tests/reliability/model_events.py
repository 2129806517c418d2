"""What may happen in a life of the stateful model: how events are registered, drawn and counted."""

from collections import Counter

from hypothesis import strategies as st
from model_checks import OUTS

FIRED = Counter()
"""How often each rule did something, and what it came upon, in this process; long runs may print it."""
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
NUMBERS = st.one_of(st.integers(0, 99), st.sampled_from([8, 9, 16, 6, 11, 11])).map("{:02d}".format)
GRAPH_NAMES = st.sampled_from(["numbers", "numbers", "numbers", "pairs", "hashed"])
OUT_NAMES = st.sampled_from([OUTS[0]] * 4 + [OUTS[1]])
HOW = st.sampled_from(["glob", "glob", "deep", "list"])
EVENTS = st.integers(2, 14)


EVENTS_OF_LIFE = []
"""(function, what is drawn for it), each as often as its weight."""


def event(weight=1, **arguments):
    """
    Register what may happen, with what is drawn for it.

    Not as rules of Hypothesis's own: a fifth of all events was then the first rule of the alphabet, and those
    that need others before them hardly came to act.
    """

    def register(function):
        EVENTS_OF_LIFE.extend([(function, st.fixed_dictionaries(arguments))] * weight)
        return function

    return register


def fired(name):
    """Count what happened."""
    FIRED[name] += 1
