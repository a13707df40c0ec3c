"""What a point of a study costs: rows of `analogeq.flow.cost` as metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analogeq.errors import InputError
from analogeq.flow.cost import CostRow, Priced, costs

if TYPE_CHECKING:
    from analogeq.flow.sweep.metrics import Outcome


def rows_of(outcome: Outcome) -> tuple[CostRow, ...]:
    """Price the trained chip on the study's samples."""
    samples = outcome.inputs, outcome.targets
    return costs(Priced(outcome.circuit, outcome.config, outcome.parameters, outcome.copy, *samples), outcome.settler)


def inference_energy(outcome: Outcome) -> float:
    """Energy of an inference [J] with converters and, where it starts the circuit, the copy."""
    return _stated("inference_energy", "energy of an inference, converters", outcome, needs="energy of a free phase")


def sample_energy(outcome: Outcome) -> float:
    """Energy of all phases of a training sample [J]."""
    return _stated("sample_energy", "energy of a training sample", outcome)


def update_pulses(outcome: Outcome) -> float:
    """Pulses or writes of one more update."""
    return _stated("update_pulses", "pulses of an update", outcome)


def area(outcome: Outcome) -> float:
    """Area [m2] of the parts whose area is stated."""
    return _stated("area", "area", outcome)


def _stated(metric: str, what: str, outcome: Outcome, needs: str = "") -> float:
    """Value of the first row whose name begins with ``what``; refuse one that lacks what it ``needs``."""
    rows = rows_of(outcome)
    found = next(row for row in rows if row.what.startswith(what))
    needed = [row for row in rows if needs and row.what.startswith(needs)]
    if found.value is None or any(row.value is None for row in needed):
        raise InputError(
            f"{metric}: not stated, {found.assumptions}; give the figures in the technology's [cost] table "
            "(phase_time, for one), or leave this metric out"
        )
    return float(found.value)
