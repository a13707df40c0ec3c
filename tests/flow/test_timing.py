"""Cases are timed in turn, each a block of calls with the numbers that the others get."""

import time

import numpy as np

from analogeq.flow.timing import seconds_in_turn


def test_every_case_gets_the_same_calls_in_every_round() -> None:
    calls: list[tuple[str, int]] = []
    cases = {name: lambda k, name=name: calls.append((name, k)) for name in ("a", "b")}
    seconds = seconds_in_turn(cases, rounds=2, block=3)
    assert {name: times.shape for name, times in seconds.items()} == {"a": (2,), "b": (2,)}
    # The first call of a block is made twice, the first time to warm up.
    assert calls == [(name, k) for first in (0, 3) for name in "ab" for k in (first, first, first + 1, first + 2)]


def test_a_call_takes_the_time_it_takes() -> None:
    seconds = seconds_in_turn({"nap": lambda _: time.sleep(0.02), "nothing": lambda _: None}, rounds=2, block=2)
    assert (seconds["nap"] >= 0.02).all()  # a sleep is never shorter than asked
    assert np.median(seconds["nothing"]) < 0.01
