"""Every legal state of the controller and every legal transition, in one table."""

from __future__ import annotations

from enum import Enum

from analogeq.errors import PhaseError


class State(Enum):
    """Where the controller is."""

    IDLE = "idle"
    PRESENTED = "presented"
    FREE = "settled free"
    NUDGED = "nudged"


class Event(Enum):
    """What the controller can be asked to do."""

    PROGRAM = "program the conductances"
    PRESENT = "present inputs"
    SETTLE_FREE = "run the free phase"
    NUDGE = "run a nudged phase"
    RELEASE = "release the outputs and the inputs"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.IDLE, Event.PROGRAM): State.IDLE,
    (State.IDLE, Event.PRESENT): State.PRESENTED,
    (State.PRESENTED, Event.SETTLE_FREE): State.FREE,
    (State.PRESENTED, Event.RELEASE): State.IDLE,
    (State.FREE, Event.NUDGE): State.NUDGED,
    (State.FREE, Event.RELEASE): State.IDLE,
    # A second nudged phase, of the other sign, starts from the same free state.
    (State.NUDGED, Event.NUDGE): State.NUDGED,
    (State.NUDGED, Event.RELEASE): State.IDLE,
}


def after(state: State, event: Event) -> State:
    """Return the state that ``event`` leads to, or raise `PhaseError`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        legal = ", ".join(e.value for s, e in TRANSITIONS if s is state)
        raise PhaseError(f"cannot {event.value}: the controller is {state.value}; from here it can {legal}") from None
