"""One number of what a chip costs, and sums that say what they leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analogeq.report.style import shown


@dataclass(frozen=True)
class CostRow:
    """One number.

    Attributes
    ----------
    what : str
    value : float or None
        In SI units, or a count; None where a figure that it needs is not stated.
    unit : str
    formula, assumptions : str
    """

    what: str
    value: float | None
    unit: str
    formula: str
    assumptions: str

    @property
    def told(self) -> str:
        """Value and unit as people read them."""
        return "not stated" if self.value is None else shown(self.value, self.unit)


def times(count: float, each: float | None) -> float | None:
    """So many of what costs ``each``; not stated (None) if that is not, unless there are none."""
    if count == 0:
        return 0.0
    return None if each is None else count * each


def total(what: str, parts: Mapping[str, float | None], unit: str, assumptions: str = "") -> CostRow:
    """Sum of the parts that are stated; the row names the others, and has no value if there is nothing else."""
    stated = [value for value in parts.values() if value is not None]
    missing = [name for name, value in parts.items() if value is None]
    said = [assumptions, f"not stated and not counted: {', '.join(missing)}" if missing else ""]
    kept = "; ".join(one for one in said if one) or "all parts are stated"
    return CostRow(what, sum(stated) if stated else None, unit, " + ".join(parts), kept)


def value_of(rows: tuple[CostRow, ...], what: str) -> float | None:
    """Value of the row of that name."""
    return next(row.value for row in rows if row.what == what)
