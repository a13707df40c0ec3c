"""Times of things that are compared on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

REST = 0.2
"""[s] In which threads of the case before stop waiting for work, which they do spinning."""


def seconds_in_turn(
    cases: Mapping[str, Callable[[int], None]], rounds: int, block: int
) -> dict[str, NDArray[np.float64]]:
    """Seconds of one call of every case, shape (round,): each round takes each case once, a block of calls long.

    What slows the machine for a while slows the cases of a round alike, so the ratio of two in one round is worth
    more than that of their means.

    Parameters
    ----------
    cases : mapping of str to callable
        Each takes the number of a call, which is the same for all cases.
    rounds, block : int
    """
    seconds = {name: np.empty(rounds) for name in cases}
    for turn in range(rounds):
        for name, one in cases.items():
            time.sleep(REST)
            one(turn * block)  # brings its data back into the caches
            began = time.perf_counter()
            for k in range(block):
                one(turn * block + k)
            seconds[name][turn] = (time.perf_counter() - began) / block
    return seconds
