"""Ranges that hardware values have to lie in, each breach with value, rule and remedy."""

from __future__ import annotations

import math
import re
from numbers import Integral, Real

from analogeq.errors import TechnologyError

ABSOLUTE_ZERO = -273.15  # degC
REFERENCE_TEMPERATURE = 27.0  # degC, at which conductances are meant; SPICE's nominal temperature

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+-]{0,62}", re.ASCII)


def check_number(key: str, value: object, unit: str = "", *, infinite: bool = False) -> float:
    """Return ``value`` as a float if it is a number, finite unless told otherwise."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TechnologyError(f"{key}: {value!r} is not a number; give one{_in(unit)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.nan
    if math.isnan(number) or (math.isinf(number) and not infinite):
        raise TechnologyError(f"{key}: {repr(value)[:40]}{_of(unit)} is not finite; give a finite number{_in(unit)}")
    return number


def check_positive(key: str, value: object, unit: str = "", *, infinite: bool = False) -> None:
    """Refuse what is not above zero."""
    number = check_number(key, value, unit, infinite=infinite)
    if number <= 0:
        raise TechnologyError(f"{key}: {number!r}{_of(unit)} is not above zero; give a positive value")


def check_not_negative(key: str, value: object, unit: str = "") -> None:
    """Refuse what is below zero."""
    number = check_number(key, value, unit)
    if number < 0:
        raise TechnologyError(f"{key}: {number!r}{_of(unit)} is below zero; give zero or more")


def check_temperature(key: str, value: object) -> None:
    """Refuse what is not above absolute zero [degC]."""
    if check_number(key, value, "degC") <= ABSOLUTE_ZERO:
        raise TechnologyError(
            f"{key}: {value!r} degC is not above absolute zero, {ABSOLUTE_ZERO} degC; was it meant in kelvin?"
        )


def at_temperature(coefficient: float, temperature: float) -> float:
    """Conductance at ``temperature`` [degC] over that at 27 degC, of a linear temperature coefficient [1/K]."""
    return 1.0 + coefficient * (temperature - REFERENCE_TEMPERATURE)


def check_coefficient(key: str, value: object, temperature: float) -> None:
    """Refuse a temperature coefficient [1/K] that leaves no conductance at ``temperature`` [degC]."""
    left = at_temperature(check_number(key, value, "1/K"), temperature)
    if left <= 0:
        raise TechnologyError(
            f"{key}: {value!r} 1/K makes a conductance {left:g} of itself at {temperature:g} degC; give a smaller one, "
            "or a temperature nearer to 27 degC"
        )


def check_int(key: str, value: object, low: int, high: int | None, remedy: str) -> None:
    """Refuse what is no int from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TechnologyError(f"{key}: {value!r} is not a whole number; {remedy}")
    if not low <= int(value) or (high is not None and int(value) > high):
        upto = "or more" if high is None else f"to {high}"
        raise TechnologyError(f"{key}: {value} is outside the range {low} {upto}; {remedy}")


def check_label(key: str, value: object, *, empty: bool = False) -> None:
    """Refuse a name that could be more than a name: it ends up in files and titles."""
    if empty and value == "":
        return
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        raise TechnologyError(
            f"{key}: {value!r} is not a plain name; give up to 63 letters, digits, spaces and any of _ . + -"
        )


def _of(unit: str) -> str:
    return f" {unit}" if unit else ""


def _in(unit: str) -> str:
    return f" [{unit}]" if unit else ""
