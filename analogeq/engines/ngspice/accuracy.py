"""How closely a transient follows the circuit, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analogeq.circuit import Circuit

AccuracyName = Literal["fast", "tight"]


@dataclass(frozen=True)
class Accuracy:
    """Settings of ngspice's integrator.

    Attributes
    ----------
    largest_step : float
        In time constants.
    options : str
        Method and tolerances, in ngspice's words.
    """

    largest_step: float
    options: str


ACCURACIES: dict[AccuracyName, Accuracy] = {
    "fast": Accuracy(0.5, "method=trap reltol=1e-6 trtol=1e9"),
    "tight": Accuracy(0.02, "method=trap reltol=1e-6 trtol=1e9"),
}

SETTLING = Accuracy(0.5, "method=trap reltol=1e-6 trtol=1e9")
LANDING = Accuracy(1e9, "method=gear reltol=1e-6 trtol=1e9")

OPERATING_POINT_OPTIONS = "reltol=1e-6"


def analysis_task(accuracy: Accuracy, circuit: Circuit, span: float, *, keep: str = "last") -> dict[str, object]:
    """Describe a transient of ``span`` [s] to a worker."""
    return {
        "stop": float(span),
        # ngspice makes a breakpoint of this: at the end of the run it costs nothing.
        "first_step": float(span),
        "largest_step": min(accuracy.largest_step * circuit.technology.time_constant, float(span)),
        "options": accuracy.options,
        "keep": keep,
    }


def operating_point_task() -> dict[str, object]:
    """Describe an operating-point analysis to a worker."""
    return {"stop": 0.0, "first_step": 0.0, "largest_step": 0.0, "options": OPERATING_POINT_OPTIONS, "keep": "last"}
