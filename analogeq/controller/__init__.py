"""The order of phases."""

from analogeq.controller.controller import NUDGINGS, Controller, Nudging, PhasePair, Schedule
from analogeq.controller.states import TRANSITIONS, Event, State

__all__ = ["NUDGINGS", "TRANSITIONS", "Controller", "Event", "Nudging", "PhasePair", "Schedule", "State"]
