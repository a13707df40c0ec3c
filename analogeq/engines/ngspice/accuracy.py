"""How closely a transient follows the circuit, and what that costs.

Between two corners, where a node meets or leaves a rail, the dynamics are smooth, and a step of the
trapezoidal rule costs two iterations however long it is. At a corner it rings: the capacitor current
of a clamped node changes sign each step and can kick the node off its rail. Gear's rule does not ring
but errs four times as much where all is smooth. Error control finds corners and steps over them in
tiny steps, some 40 time points each. Hence, measured on a trained 64-100-10 network from the copy's
prediction (10 time constants free, 2 nudged), and on a dozen small, strongly coupled circuits from
random starts (2 time constants, a corner for every node):

=======  ===================  ===================  =======================
phase    10, free             2, nudged            2, small and strong
=======  ===================  ===================  =======================
fast     6e-5 V, 29 points    5e-4 V, 19 points    2e-2 V, 19 points
tight    1e-7 V, 620 points   3e-7 V, 410 points   5e-6 V, 400 to 2,000
=======  ===================  ===================  =======================

and for waveforms (the same small circuits, 3 time constants): fast 7e-4 V, tight 3e-5 V.

A follower that comes to the end of its swing is a corner, too, but one that moves no charge at once, so that error
control steps over it: in scratch runs, of some 250 random circuits behind limited amplifiers two tight phases of 3 time
constants were 3e-4 and 1e-4 of the rail off, all others less than 5e-5. (The native engine's at its tolerance of 1e-8
are 6e-8 and 9e-9 from those at 1e-11.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analogeq.circuit import Circuit
from analogeq.circuit.stages import quickest

AccuracyName = Literal["fast", "tight"]


@dataclass(frozen=True)
class Accuracy:
    """Settings of ngspice's integrator.

    Attributes
    ----------
    first_step, largest_step : float
        In time constants: of a neuron, or of the quickest amplifier where that has to be followed.
    fewest_steps : int
        A short phase is divided into at least this many.
    options : str
        Method and tolerances, in ngspice's words.
    follows_amplifiers : bool
        Whether steps are short against lags of amplifiers; Gear's rule damps what is quicker than its steps.
    """

    first_step: float
    largest_step: float
    fewest_steps: int
    options: str
    follows_amplifiers: bool = True


PHASES: dict[AccuracyName, Accuracy] = {
    "fast": Accuracy(0.02, 0.5, 8, "method=trap reltol=1e-6 trtol=1e9"),
    "tight": Accuracy(3e-4, 0.02, 400, "method=trap reltol=1e-6 trtol=1"),
}

WAVEFORMS: dict[AccuracyName, Accuracy] = {
    "fast": Accuracy(2e-3, 0.02, 200, "method=gear reltol=1e-6 trtol=1e9"),
    "tight": Accuracy(3e-4, 0.005, 1000, "method=trap reltol=1e-6 trtol=1"),
}
"""For waveforms that are looked at, and so interpolated between their points."""

SETTLING: dict[AccuracyName, Accuracy] = {
    "fast": Accuracy(0.02, 0.5, 4, "method=gear reltol=1e-6 trtol=1e9", follows_amplifiers=False),
    "tight": Accuracy(0.02, 0.5, 4, "method=gear reltol=1e-6 trtol=1e3", follows_amplifiers=False),
}
"""For the way to an equilibrium, where only the side that is taken matters. Of 240 random starts in
random circuits with several minima (coupling two to four times Glorot's), 2 and 1 ended elsewhere
than the exact dynamics; where they ended alike it was within 3e-8 V."""

LANDING_OPTIONS = "method=gear reltol=1e-6 trtol=1e9"
"""Implicit steps that double without end come down on the equilibrium next to them."""

OPERATING_POINT_OPTIONS = "reltol=1e-6"


def analysis_task(accuracy: Accuracy, circuit: Circuit, span: float, *, keep: str = "last") -> dict[str, object]:
    """Describe a transient of ``span`` [s] to a worker."""
    tau = quickest(circuit) if accuracy.follows_amplifiers else circuit.technology.time_constant
    return {
        "stop": float(span),
        "first_step": min(accuracy.first_step * tau, 0.1 * float(span)),
        "largest_step": min(accuracy.largest_step * tau, float(span) / accuracy.fewest_steps),
        "options": accuracy.options,
        "keep": keep,
    }


def landing_task(circuit: Circuit, smallest_eigenvalue: float) -> dict[str, object]:
    """Describe the transient that comes down on an equilibrium.

    Its first step has to be short against the fastest growth that the landscape allows: the first
    iteration does not know where the node stands, and a long implicit step has more than one solution.
    """
    unit, tau = circuit.technology.unit_conductance, circuit.technology.time_constant
    growth = max(-smallest_eigenvalue / unit, 1.0)
    first = 0.2 * tau / growth
    return {
        "stop": 1e4 * first,
        "first_step": first,
        "largest_step": 1e4 * first,
        "options": LANDING_OPTIONS,
        "keep": "last",
    }


def operating_point_task() -> dict[str, object]:
    """Describe an operating-point analysis to a worker."""
    return {"stop": 0.0, "first_step": 0.0, "largest_step": 0.0, "options": OPERATING_POINT_OPTIONS, "keep": "last"}
