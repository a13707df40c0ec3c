"""Values with units, as people write them: ``"10 uS"``, ``"100 kOhm"``, ``"27 degC"``.

A number alone says nothing and a number with a SPICE suffix says two things, since ``1M`` is a milli
to SPICE and a mega to everybody else. Both are refused. Arithmetic is decimal, so ``"10 uS"`` is the
float ``1e-05`` and not its neighbour.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any

from analogeq.errors import TechnologyError

_VALUE = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*(\S*)", re.ASCII)
_UNIT = re.compile(r"(?:1(?=/)|[A-Za-zµμΩ°]{1,16}(?:\^?2)?)(?:/[A-Za-zµμΩ°]{1,16}(?:\^?2)?)?")
_SHOWN = 60

_SUFFIXES = {
    "M": "milli to SPICE, mega in SI",
    "m": "the prefix milli, or a metre",
    "K": "kilo to SPICE, kelvin in SI",
    "k": "the prefix kilo without a unit, or Boltzmann's constant",
    "G": "giga to SPICE, gauss as a unit",
    "g": "giga to SPICE, a gram in SI",
    "T": "tera to SPICE, tesla in SI",
    "t": "tera to SPICE, a tonne as a unit",
    "F": "femto to SPICE, farad in SI",
    "f": "femto to SPICE, nothing without a unit in SI",
    "P": "pico to SPICE, peta in SI",
    "p": "the prefix pico, without a unit",
    "N": "nano to SPICE, newton in SI",
    "n": "the prefix nano, without a unit",
    "U": "micro to SPICE, nothing in SI",
    "u": "the prefix micro, without a unit",
    "µ": "the prefix micro, without a unit",
    "A": "atto to SPICE, ampere in SI",
    "a": "the prefix atto, or a year",
}
_LONG_SUFFIXES = ("meg", "mil")


@cache
def _registry() -> Any:
    """Pint's units in decimal arithmetic; imported when first needed, since that takes 0.3 s."""
    import pint

    return pint.UnitRegistry(non_int_type=Decimal)


def parse_quantity(value: object, unit: str, what: str, example: str) -> float:
    """Read a value with its unit.

    Parameters
    ----------
    value : object
        What stands in the file; a string like ``"10 uS"`` is right.
    unit : str
        Unit of the result: S, F, V, A, Ohm, Hz, degC, 1/K, s, J, W, m, m2 or F/m2. A conductance (``S``) may also be
        given as a resistance, and is then inverted.
    what : str
        What the value is of, for messages.
    example : str
        A value that would be right, for messages.

    Returns
    -------
    float
        In ``unit``, correctly rounded.

    Raises
    ------
    TechnologyError
        If there is no unit, one that means two things, or one of another dimension.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise TechnologyError(f"{what}: {value!r} has no unit; write a string with one, {example!r} say")
    match = _VALUE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise TechnologyError(f"{what}: {_shown(value)} is not a number and a unit; write {example!r}, say")
    number, symbol = match.groups()
    if not symbol:
        raise TechnologyError(f"{what}: {_shown(value)} has no unit; write {example!r}, say")
    if symbol in _SUFFIXES and symbol != _spelling(unit):
        raise TechnologyError(
            f"{what}: {_shown(value)} could mean two things, {_SUFFIXES[symbol]}; write a prefix and a unit, "
            f"{example!r} say"
        )
    if symbol.lower() in _LONG_SUFFIXES:
        raise TechnologyError(f"{what}: {_shown(value)} has a SPICE suffix and no unit; write {example!r}, say")
    return _converted(Decimal(number), symbol, unit, f"{what}: {_shown(value)}", example)


def _spelling(unit: str) -> str:
    """Unit whose bare symbol is plain where it is asked for: ampere for a current, kelvin for a temperature.

    A bare ``F`` stays refused: a farad is nothing a chip has, a femtofarad is.
    """
    return {"A": "A", "degC": "K"}.get(unit, "")


def _converted(number: Decimal, symbol: str, unit: str, what: str, example: str) -> float:
    registry = _registry()
    import pint

    spelled = re.sub("[Oo]hms?", "ohm", symbol)
    if not _UNIT.fullmatch(spelled):
        raise TechnologyError(f"{what}: {_shown(symbol)} is not a unit; write {example!r}, say")
    try:
        # A share per degree is one per kelvin; alone, a degree is a point on a scale.
        spelled = re.sub(r"/(degC|°C)$", "/kelvin", spelled)
        given = registry.Quantity(number, registry.parse_units(_squared(spelled)))
        if unit == "S" and given.check("[resistance]"):
            if number == 0:
                raise TechnologyError(f"{what} is a short circuit; give a resistance above zero")
            given = 1 / given
        return float(given.to(_squared(unit.replace("Ohm", "ohm"))).magnitude)
    except (pint.UndefinedUnitError, AttributeError) as error:
        raise TechnologyError(f"{what}: unknown unit {_shown(symbol)}; write {example!r}, say") from error
    except pint.DimensionalityError as error:
        other = " or Ohm" if unit == "S" else ""
        raise TechnologyError(f"{what} is not in {unit}{other} or a multiple of it; write {example!r}, say") from error


def _squared(symbol: str) -> str:
    """Spell squares as pint does: um2, as people write it, is um**2."""
    return re.sub(r"\^?2", "**2", symbol)


def show_quantity(value: float, unit: str) -> str:
    """Write ``value`` with a prefix so that `parse_quantity` reads the very same float.

    Examples
    --------
    >>> show_quantity(1e-5, "S"), show_quantity(27.0, "degC"), show_quantity(2.52e-9, "A")
    ('10 uS', '27 degC', '2.52 nA')
    """
    exact = Decimal(repr(float(value)))
    if unit == "degC" or not exact:
        return f"{_plain(exact)} {_LONG_NAMES.get(unit, unit)}"
    if unit in _OWN_PREFIX:
        shown, power = _OWN_PREFIX[unit]
        return f"{_plain(exact.scaleb(power))} {shown}"
    power = 3 * (exact.adjusted() // 3)
    prefix = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}.get(power)
    if prefix is None or (prefix == "" and unit in _LONG_NAMES):
        return f"{float(value)!r} {_LONG_NAMES.get(unit, unit)}"
    return f"{_plain(exact.scaleb(-power))} {prefix}{unit}"


_LONG_NAMES = {"F": "farad", "m": "meter", "1/K": "ppm/K"}
_OWN_PREFIX = {"m2": ("um2", 12), "F/m2": ("fF/um2", 3), "1/K": ("ppm/K", 6)}
"""How areas of a chip, capacitances over them and temperature coefficients are written; the power of ten from SI."""


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
