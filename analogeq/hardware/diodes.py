"""Real diodes by name, with the SPICE parameters their makers or SPICE libraries publish.

Of a published model the forward characteristic is used: IS, N and RS. Breakdown, capacitance and
transit time are left out.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from analogeq.errors import TechnologyError
from analogeq.hardware.clamp import DiodeClamp


@dataclass(frozen=True)
class RealDiode:
    """One published diode.

    Attributes
    ----------
    saturation_current : float
        IS [A].
    ideality : float
        N.
    series_resistance : float
        RS [Ohm].
    kind : str
        What sort of diode it is.
    source : str
        Whose model the numbers are from.
    """

    saturation_current: float
    ideality: float
    series_resistance: float
    kind: str
    source: str


REAL_DIODES: Mapping[str, RealDiode] = {
    "1n4148": RealDiode(2.52e-9, 1.752, 0.568, "silicon, switching", "ON Semiconductor, as in LTspice's standard.dio"),
    "1n914": RealDiode(2.52e-9, 1.752, 0.568, "silicon, switching", "ON Semiconductor, as in LTspice's standard.dio"),
    "1n5817": RealDiode(31.7e-6, 1.373, 0.051, "Schottky, power", "ON Semiconductor, as in LTspice's standard.dio"),
    "1n34a": RealDiode(2e-7, 1.3, 7.0, "germanium, point contact", "MODPEX fit, as in Kuphaldt's Lessons in Circuits"),
    "bat54": RealDiode(2.117e-7, 1.016, 2.637, "Schottky, signal", "NXP Semiconductors' PSPICE model"),
    "hsms-2820": RealDiode(2.2e-8, 1.08, 6.0, "Schottky, detector", "Avago data sheet HSMS-282x"),
    "hsms-2850": RealDiode(3e-6, 1.06, 25.0, "Schottky, zero bias", "Avago data sheet HSMS-285x"),
}
"""Parts that ``[clamp] kind`` and ``[device] kind`` may name."""


def part_called(name: str) -> RealDiode:
    """Look up the part ``name``, in any case.

    Raises
    ------
    TechnologyError
        If the part is not in the table.
    """
    part = REAL_DIODES.get(name.lower())
    if part is None:
        close = difflib.get_close_matches(name.lower(), REAL_DIODES, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(REAL_DIODES)}"
        raise TechnologyError(
            f"diode {name!r}: not in the table; {hint} (or give its own saturation_current, ideality and "
            "series_resistance)"
        )
    return part


def real_diode(name: str) -> DiodeClamp:
    """Clamp of two diodes of the part ``name``, in any case.

    Raises
    ------
    TechnologyError
        If the part is not in the table.
    """
    part = part_called(name)
    return DiodeClamp(part.saturation_current, part.ideality, part.series_resistance, name.lower())
