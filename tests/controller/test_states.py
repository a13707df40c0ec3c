"""The table of legal transitions."""

import itertools

import pytest

from analogeq.controller.states import TRANSITIONS, Event, State, after
from analogeq.errors import PhaseError


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_every_pair_is_either_in_the_table_or_refused(state: State, event: Event) -> None:
    if (state, event) in TRANSITIONS:
        assert after(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(PhaseError, match=state.value):
            after(state, event)


def test_conductances_are_programmed_only_while_nothing_is_applied() -> None:
    assert [s for s, e in TRANSITIONS if e is Event.PROGRAM] == [State.IDLE]


def test_no_nudge_comes_before_a_free_phase() -> None:
    assert {s for s, e in TRANSITIONS if e is Event.NUDGE} == {State.FREE, State.NUDGED}
