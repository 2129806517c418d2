"""Numbers that look like chance and are the same in every run, on every machine and Python."""

MULTIPLIER, INCREMENT, MODULUS = 1_664_525, 1_013_904_223, 2**32


class Chance:
    """
    A linear congruential generator.

    State: seed = the last number, in [0, 2**32).

    Thread safety: none.

    Source: W. Press et al., "Numerical Recipes in C" (1992), section 7.1.

    >>> chance = Chance(1)
    >>> [chance.below(10) for _ in range(6)]
    [2, 3, 5, 7, 0, 3]

    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def share(self) -> float:
        """Return a number in [0, 1)."""
        self.seed = (self.seed * MULTIPLIER + INCREMENT) % MODULUS
        return self.seed / MODULUS

    def below(self, limit: int) -> int:
        """Return a whole number in [0, *limit*)."""
        return int(self.share() * limit)

    def spread(self, width: float) -> float:
        """Return a number in [-width, width], near 0 more often than far from it."""
        return (self.share() + self.share() - 1) * width
