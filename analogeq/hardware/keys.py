"""What the keys of a technology file hold: how each kind of value is read and written."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Protocol

from analogeq.errors import TechnologyError
from analogeq.hardware.quantities import parse_quantity, show_quantity


class Key(Protocol):
    """One kind of value."""

    def read(self, value: object, what: str) -> object:
        """Turn what TOML holds into what `Technology` holds."""

    def write(self, value: Any) -> str:
        """Write it as TOML, so that it reads back equal."""


@dataclass(frozen=True)
class Quantity:
    """A number with a unit."""

    unit: str
    example: str

    def read(self, value: object, what: str) -> float:
        """Read ``"10 uS"`` as a float in the key's unit."""
        return parse_quantity(value, self.unit, what, self.example)

    def write(self, value: Any) -> str:
        """Write with a prefix, as a string."""
        return f'"{show_quantity(value, self.unit)}"'


@dataclass(frozen=True)
class Unbounded:
    """A number with a unit that may be infinite, ``"inf S"``; or ``"-inf V"``, a lower bound."""

    unit: str
    example: str
    low: bool = False

    def read(self, value: object, what: str) -> float:
        """Read ``"10 uS"``, or ``"inf S"`` for no bound."""
        if isinstance(value, str) and value.split() == [self._no_bound, self.unit]:
            return float(self._no_bound)
        return parse_quantity(value, self.unit, what, self.example)

    def write(self, value: Any) -> str:
        """Write with a prefix, as a string."""
        return f'"{self._no_bound} {self.unit}"' if math.isinf(value) else f'"{show_quantity(value, self.unit)}"'

    @property
    def _no_bound(self) -> str:
        return "-inf" if self.low else "inf"


@dataclass(frozen=True)
class Optional:
    """A value that may be ``"none"``, there where something is left out of the chip."""

    key: Key

    def read(self, value: object, what: str) -> object:
        """Read the value; None for ``"none"``."""
        return None if value == "none" else self.key.read(value, what)

    def write(self, value: Any) -> str:
        """Write the value, or ``"none"``."""
        return '"none"' if value is None else self.key.write(value)


@dataclass(frozen=True)
class FullScale:
    """A voltage, or ``"rail"`` for that of the chip."""

    def read(self, value: object, what: str) -> float | None:
        """Read the voltage; None for ``"rail"``."""
        return None if value == "rail" else parse_quantity(value, "V", what, "1 V")

    def write(self, value: Any) -> str:
        """Write the voltage, or ``"rail"``."""
        return '"rail"' if value is None else f'"{show_quantity(value, "V")}"'


@dataclass(frozen=True)
class Number:
    """A number without a unit."""

    def read(self, value: object, what: str) -> float:
        """Read a plain number, ``inf`` included; what is in range the technology decides."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TechnologyError(f"{what}: {value!r} is not a plain number; write one without unit and quotes")
        try:
            return float(value)
        except OverflowError:
            raise TechnologyError(
                f"{what}: a number of {len(str(value))} digits is too large; write a smaller one"
            ) from None

    def write(self, value: Any) -> str:
        """Write as TOML does, ``inf`` included."""
        return repr(float(value))


@dataclass(frozen=True)
class Numbers:
    """A number without a unit, or a list of them."""

    def read(self, value: object, what: str) -> float | tuple[float, ...]:
        """Read a plain number as a float, a list as a tuple."""
        if isinstance(value, list):
            return tuple(Number().read(one, f"{what}[{at}]") for at, one in enumerate(value))
        return Number().read(value, what)

    def write(self, value: Any) -> str:
        """Write as TOML does."""
        return f"[{', '.join(map(Number().write, value))}]" if isinstance(value, tuple) else Number().write(value)


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    def read(self, value: object, what: str) -> bool:
        """Read ``true`` or ``false``."""
        if not isinstance(value, bool):
            raise TechnologyError(f"{what}: {value!r} is neither true nor false; write one of them, without quotes")
        return value

    def write(self, value: Any) -> str:
        """Write as TOML does."""
        return "true" if value else "false"


@dataclass(frozen=True)
class Whole:
    """A whole number."""

    def read(self, value: object, what: str) -> int:
        """Read a plain whole number."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise TechnologyError(f"{what}: {value!r} is not a whole number; write one without unit and quotes")
        return value

    def write(self, value: Any) -> str:
        """Write its digits."""
        return str(value)


@dataclass(frozen=True)
class Bits:
    """The resolution of a converter, ``"ideal"`` or ``inf`` for one without steps."""

    def read(self, value: object, what: str) -> int | None:
        """Read a whole number; None for an ideal converter."""
        if value == "ideal" or (isinstance(value, float) and math.isinf(value) and value > 0):
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise TechnologyError(f'{what}: {value!r} is not a resolution; write a whole number of bits, or "ideal"')
        return value

    def write(self, value: Any) -> str:
        """Write the number, or ``"ideal"``."""
        return '"ideal"' if value is None else str(value)


@dataclass(frozen=True)
class Text:
    """A word or a name."""

    def read(self, value: object, what: str) -> str:
        """Read a string."""
        if not isinstance(value, str):
            raise TechnologyError(f"{what}: {value!r} is not a string; write it in quotes")
        return value

    def write(self, value: Any) -> str:
        """Write in quotes; JSON's escapes are TOML's, too."""
        return json.dumps(value)
