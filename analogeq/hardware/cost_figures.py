"""What parts of a chip cost, as their sources state it: energies, powers, times, areas.

A figure that no source was found for is None; what is counted with it is then not stated. All may be replaced by
one's own in the ``[cost]`` table of a technology file.

References
----------
.. [1] B. Murmann, "ADC Performance Survey 1997-2026", github.com/bmurmann/ADC-survey, revision of March 2026. Of its
   Nyquist converters the 37 of successive approximation since 2015 have a median of 20 fJ a conversion step, all 438
   one of 138 fJ (medians as summaries of the survey give them; the table itself was not evaluated here).
.. [2] A. Shafiee et al., "ISAAC", ISCA 2016, Table I: eight converters of 8 bits take 9600 um2 in 32 nm.
.. [3] GlobalFoundries' open 180 nm process design kit (gf180mcu): metal-insulator-metal capacitors of 1.5 fF/um2.
.. [4] M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014, 10-14: in 45 nm at 0.9 V a
   32-bit floating-point multiplication takes 3.7 pJ and an addition 0.9 pJ, of 8-bit integers 0.2 pJ and 0.03 pJ;
   64 bits from a cache of 8 kB take 10 pJ.
.. [5] W. Dally, "High-performance hardware for machine learning", tutorial, NIPS 2015: the same operations synthesised
   in 45 nm take 7700 and 4184 um2, 282 and 36 um2.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from analogeq.errors import TechnologyError
from analogeq.hardware.converter import MOST_BITS
from analogeq.hardware.limits import check_int, check_not_negative, check_positive

FLOAT32_JOULES, INT8_JOULES = 4.6e-12, 0.23e-12
"""One multiplication and one addition [J] in 45 nm at 0.9 V, memory not included [4]_."""

CONVERTER_SQUARE_METRES = 1.2e-9
"""Of one converter of 8 bits [m2] [2]_."""

_UNITS = {"energy": "J", "step": "J", "power": "W", "time": "s", "area": "m2", "density": "F/m2"}


@dataclass(frozen=True, kw_only=True)
class CostFigures:
    """Of chips of either family.

    Attributes
    ----------
    adc_energy_per_step, dac_energy_per_step : float or None
        Walden's figure of merit F [J]: a conversion of n bits takes ``F · 2**n``. A DAC costs at most as much as an
        ADC by successive approximation, which has one of the same resolution inside: its default is that bound.
    converter_bits : int
        n of converters whose resolution is ideal, since no real one is.
    adc_area, dac_area : float or None
        Of one converter [m2]; the same bound again for the DAC.
    amplifier_power, amplifier_area : float or None
        Supply of one amplifier [W], and its area [m2]; a matter of design.
    clamp_area : float or None
        Of what limits a node's voltage [m2].
    pulse_energy, pulse_time : float or None
        Of one programming pulse, or one write, of one device [J, s].
    cell_area : float or None
        Of one programmable device with what selects it [m2].
    float32_energy, int8_energy : float or None
        Of one digital multiply-accumulate [J].
    float32_area, int8_area : float or None
        Of one unit for them [m2].
    access_energy : float or None
        Of 64 bits from a memory of 8 kB [J].
    """

    adc_energy_per_step: float | None = 20e-15
    dac_energy_per_step: float | None = 20e-15
    converter_bits: int = 8
    adc_area: float | None = CONVERTER_SQUARE_METRES
    dac_area: float | None = CONVERTER_SQUARE_METRES
    amplifier_power: float | None = None
    amplifier_area: float | None = None
    clamp_area: float | None = None
    pulse_energy: float | None = None
    pulse_time: float | None = None
    cell_area: float | None = None
    float32_energy: float | None = FLOAT32_JOULES
    int8_energy: float | None = INT8_JOULES
    float32_area: float | None = 1.1884e-8
    int8_area: float | None = 3.18e-10
    access_energy: float | None = 10e-12

    def __post_init__(self) -> None:
        remedy = f"give the resolution that real converters would have, 1 to {MOST_BITS}"
        check_int("converter_bits", self.converter_bits, 1, MOST_BITS, remedy)
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "converter_bits" or value is None:
                continue
            unit = _UNITS[one.name.rsplit("_", maxsplit=1)[-1]]
            (check_positive if unit == "F/m2" else check_not_negative)(one.name, value, unit)

    def conversion_energy(self, which: str, bits: int | None) -> float | None:
        """Energy of a conversion [J] by a converter ("adc" or "dac") of ``bits``; None if it is not stated."""
        step = {"adc": self.adc_energy_per_step, "dac": self.dac_energy_per_step}[which]
        return None if step is None else float(step * 2.0 ** (self.converter_bits if bits is None else bits))


@dataclass(frozen=True, kw_only=True)
class HopfieldCost(CostFigures):
    """Of chips whose neurons have capacitors.

    Attributes
    ----------
    capacitor_density : float or None
        Capacitance of a node's capacitor over its area [F/m2] [3]_.
    """

    capacitor_density: float | None = 1.5e-3


@dataclass(frozen=True, kw_only=True)
class ResistiveCost(CostFigures):
    """Of chips that have no capacitors in their description, and so no time of their own.

    Attributes
    ----------
    phase_time : float or None
        How long a phase is held [s].
    """

    phase_time: float | None = None


def check_cost(cost: CostFigures, kind: type[CostFigures]) -> None:
    """Refuse figures of another family."""
    if type(cost) is not kind:
        raise TechnologyError(f"cost: {type(cost).__name__} is not of this family; give {kind.__name__}")
