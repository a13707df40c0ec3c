"""What a key of a study may be: a list of values, a range, or a draw from a distribution."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

Value = Any
"""A value as TOML holds it: a number, a text, a quantity with its unit, or a list."""

Amount = float | str
"""A plain number, or a number and its unit as in ``"10 uS"``."""

Choices = Annotated[list[Value], Field(min_length=1)]

TAGS = ("list", "range", "normal", "uniform", "text")
"""By which a value's kind is told; no part of what a user writes."""


class Strict(BaseModel):
    """A table in which every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Range(Strict):
    """Evenly spaced values from one amount to another.

    Attributes
    ----------
    first, last : float or str
        ``from`` and ``to`` in TOML; both plain numbers, or both of one unit.
    count : int
    spacing : {"linear", "log"}
    """

    first: Amount = Field(alias="from")
    last: Amount = Field(alias="to")
    count: int = Field(ge=2)
    spacing: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _check(self) -> Range:
        (a, unit), (b, other) = split(self.first), split(self.last)
        if unit != other:
            raise ValueError(f"from {self.first!r} to {self.last!r}: two units; write both in one")
        if self.spacing == "log" and not (a > 0.0 and b > 0.0):
            raise ValueError(f"from {self.first!r} to {self.last!r}: a logarithmic range lies above 0")
        return self

    def values(self) -> list[Value]:
        """Every value, both ends included."""
        (a, unit), (b, _) = split(self.first), split(self.last)
        spread = np.geomspace(a, b, self.count) if self.spacing == "log" else np.linspace(a, b, self.count)
        return [joined(float(f"{x:.12g}"), unit) for x in spread]


class Normal(Strict):
    """A draw from a normal distribution of mean ``mean`` and standard deviation ``sd``."""

    mean: Amount
    sd: Amount

    @model_validator(mode="after")
    def _check(self) -> Normal:
        (_, unit), (sd, other) = split(self.mean), split(self.sd)
        if unit != other or sd < 0.0:
            raise ValueError(f"mean {self.mean!r}, sd {self.sd!r}: the two have one unit and sd is 0 or more")
        return self

    def draw(self, rng: np.random.Generator) -> Value:
        """One value."""
        (mean, unit), (sd, _) = split(self.mean), split(self.sd)
        return joined(float(rng.normal(mean, sd)), unit)


class Uniform(Strict):
    """A draw between two amounts, evenly or evenly in the logarithm."""

    low: Amount
    high: Amount
    spacing: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _check(self) -> Uniform:
        (a, unit), (b, other) = split(self.low), split(self.high)
        if unit != other or not a < b or (self.spacing == "log" and a <= 0.0):
            raise ValueError(f"low {self.low!r}, high {self.high!r}: one unit, low below high, above 0 where log")
        return self

    def at(self, share: float) -> Value:
        """Value below which the given share of the distribution lies."""
        (a, unit), (b, _) = split(self.low), split(self.high)
        x = a * (b / a) ** share if self.spacing == "log" else a + share * (b - a)
        return joined(float(x), unit)

    def draw(self, rng: np.random.Generator) -> Value:
        """One value."""
        return self.at(float(rng.random()))


def _kind_of_axis(value: Any) -> str:
    return "range" if isinstance(value, dict | Range) else "list"


def _listed(value: Any) -> Any:
    if isinstance(value, dict | Range) or (isinstance(value, list) and value):
        return value
    raise ValueError(f"{str(value)[:40]!r}: give a list of values, or a range {{ from = …, to = …, count = … }}")


Axis = Annotated[
    Annotated[Choices, Tag("list")] | Annotated[Range, Tag("range")],
    Discriminator(_kind_of_axis),
    BeforeValidator(_listed),
]
"""Values that a key is given one after another."""


def _kind_of_draw(value: Any) -> str:
    if isinstance(value, dict):
        return "uniform" if {"low", "high"} & set(value) else "normal"
    return "normal" if isinstance(value, Normal) else "uniform" if isinstance(value, Uniform) else "text"


def _distributed(value: Any) -> Any:
    if isinstance(value, dict | Normal | Uniform) or value == "number":
        return value
    raise ValueError(f"{str(value)[:40]!r}: give 'number', {{ mean = …, sd = … }} or {{ low = …, high = … }}")


Drawn = Annotated[
    Annotated[Normal, Tag("normal")] | Annotated[Uniform, Tag("uniform")] | Annotated[Literal["number"], Tag("text")],
    Discriminator(_kind_of_draw),
    BeforeValidator(_distributed),
]
"""``"number"`` is the number of the draw itself, for keys that are seeds of a chip."""


def drawn_value(how: Normal | Uniform | str, key: str, number: int, seed: int) -> Value:
    """Value of a key in a draw: the same whatever other keys are drawn."""
    if isinstance(how, str):
        return number
    return how.draw(np.random.default_rng((seed, number, zlib.crc32(key.encode()))))


def split(amount: Amount) -> tuple[float, str]:
    """Part a number from its unit; the unit of a plain number is empty."""
    if not isinstance(amount, str):
        return float(amount), ""
    number, _, unit = amount.strip().partition(" ")
    try:
        return float(number), unit.strip()
    except ValueError:
        raise ValueError(f'{amount!r}: write a number and its unit, for example "10 uS"') from None


def joined(number: float, unit: str) -> Value:
    """Put a number before its unit."""
    return f"{number!r} {unit}" if unit else number


def shown(values: Sequence[Value]) -> list[float] | None:
    """Numbers of values that have one unit, for an axis; None where they are no numbers."""
    try:
        parts = [split(value) for value in values]
    except (TypeError, ValueError):
        return None
    return [number for number, _ in parts] if len({unit for _, unit in parts}) == 1 else None
