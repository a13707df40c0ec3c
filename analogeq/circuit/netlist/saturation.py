"""Saturation currents that ngspice would not take as written.

Where a model's IS is below the option EPSMIN, 1e-28 A by default, ngspice 39 computes with EPSMIN in its place,
without a word. Diodes that conduct far from 0 V have less: 1e-6 A · exp(-1 V / 20 mV) = 2e-28 A.
"""

from __future__ import annotations

from collections.abc import Iterable

from analogeq.circuit.elements import DiodeModel

EPSMIN = 1e-28
"""A. Measured: of 1e-35 A at 27 degC and 1 A a diode drops 1.667573 V, which is that of 1e-28 A."""


def saturation_option(models: Iterable[DiodeModel]) -> str:
    """Return what `.options` has to say for the models to be taken as they are: nothing, as a rule."""
    least = min((float(model.saturation_current) for model in models), default=EPSMIN)
    return "" if least >= EPSMIN else f" epsmin={least!r}"
