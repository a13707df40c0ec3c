"""What parts of a chip cost, as their sources state it: energies, powers, times, areas.

A figure that no source was found for is None; what is counted with it is then not stated. All may be replaced by
one's own in the ``[cost]`` table of a technology file; ``docs/cost.md`` says of each what it is and where it is from.

References
----------
.. [1] B. Murmann, "ADC Performance Survey 1997-2023", github.com/bmurmann/ADC-survey, as reduced to frequency, process,
   area, energy and effective bits of 215 converters in adc_data/adc_list.csv of accelergy-adc-plug-in. Counted here:
   the 28 of 6 to 10 effective bits up to 1 GS/s in 65 nm and below have a median of 21 fJ a conversion step, quartiles
   of 7 and 35 fJ.
.. [2] L. Kull et al., ISSCC 2013, 468-469: 8 bits at 1.2 GS/s, 3.1 mW in 32 nm; 1500 um2 by that table. The converters
   of ISAAC (A. Shafiee et al., ISCA 2016, Table I: eight in 9600 um2) are estimates that start from it.
.. [3] GlobalFoundries' open 180 nm process design kit (gf180mcu): "MIM capacitor (1.5fF/um2)" in its device models.
.. [4] M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014, 10-14: in 45 nm at 0.9 V a
   32-bit floating-point multiplication takes 3.7 pJ and an addition 0.9 pJ, of 8-bit integers 0.2 pJ and 0.03 pJ;
   64 bits from a cache of 8 kB take 10 pJ. Confirmed by what others copied from it; the paper was not at hand.
.. [5] W. Dally, "High-performance hardware for machine learning", tutorial, NIPS 2015: the same operations synthesised
   in 45 nm take 7700 and 4184 um2, 282 and 36 um2. From memory: neither the slides nor a copy of the areas was found.
   For comparison, approximate 8-bit multipliers of EvoApprox8b state 421 to 889, in no unit, for its 45 nm library.
.. [6] Write energy of a synapse in NeuroSim (github.com/neurosim/MLP_NeuroSim_V3.0, Cell.cpp): voltage squared times
   the mean conductance before and after, times pulse width, times pulses. Its cells are 4 F2 without a transistor and
   16 F2 with one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from analogeq.errors import TechnologyError
from analogeq.hardware.converter import MOST_BITS
from analogeq.hardware.limits import check_int, check_not_negative, check_positive

FLOAT32_JOULES, INT8_JOULES = 4.6e-12, 0.23e-12
"""One multiplication and one addition [J] in 45 nm at 0.9 V, memory not included [4]_."""

CONVERTER_SQUARE_METRES = 1.5e-9
"""Of one converter of 8 bits [m2] [2]_."""

_UNITS = {
    "energy": "J",
    "step": "J",
    "power": "W",
    "time": "s",
    "width": "s",
    "voltage": "V",
    "area": "m2",
    "size": "m",
    "f2": "F^2",
    "density": "F/m2",
}
"""By the last word of a field's name."""


@dataclass(frozen=True, kw_only=True)
class CostFigures:
    """Of chips of either family.

    Attributes
    ----------
    adc_energy_per_step, dac_energy_per_step : float or None
        Walden's figure of merit F [J]: a conversion of n bits takes ``F · 2**n`` [1]_. A DAC costs at most as much as
        an ADC by successive approximation, which has one of the same resolution inside: its default is that bound.
    converter_bits : int
        n of converters whose resolution is ideal, since no real one is.
    adc_area, dac_area : float or None
        Of one converter [m2] [2]_; the same bound again for the DAC.
    amplifier_power, amplifier_area : float or None
        Supply of one amplifier [W], and its area [m2]; a matter of design.
    clamp_area : float or None
        Of what limits a node's voltage [m2].
    pulse_energy : float or None
        Of one programming pulse, or one write, of one device [J]. Where it is not stated it follows from
        ``pulse_voltage`` and ``pulse_width``.
    pulse_voltage, pulse_width : float or None
        What a pulse puts across a device [V], and for how long [s]: V² G t in a device of conductance G [6]_.
    pulse_time : float or None
        From one pulse to the next [s]; where it is not stated, ``pulse_width``.
    cell_area : float or None
        Of one programmable device with what selects it [m2]. Where it is not stated it follows from
        ``cell_area_in_f2`` and ``feature_size``.
    feature_size, cell_area_in_f2 : float or None
        F [m], half the pitch of the array's lines, and how many squares of it a device with what selects it takes.
    float32_energy, int8_energy : float or None
        Of one digital multiply-accumulate [J] [4]_.
    float32_area, int8_area : float or None
        Of one unit for them [m2] [5]_.
    access_energy : float or None
        Of 64 bits from a memory of 8 kB [J] [4]_.
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
    pulse_voltage: float | None = None
    pulse_width: float | None = None
    pulse_time: float | None = None
    cell_area: float | None = None
    feature_size: float | None = None
    cell_area_in_f2: float | None = None
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

    @property
    def device_area(self) -> float | None:
        """Area of one device [m2], as stated or in squares of the feature size; None if neither is stated."""
        if self.cell_area is not None or self.feature_size is None or self.cell_area_in_f2 is None:
            return self.cell_area
        return self.cell_area_in_f2 * self.feature_size**2

    @property
    def device_time(self) -> float | None:
        """From one pulse to the next [s]; None if it is not stated."""
        return self.pulse_width if self.pulse_time is None else self.pulse_time

    def writing_energy(self, pulses: float, siemens: float) -> float | None:
        """Energy of so many pulses [J], ``siemens`` being the sum over all of them of what each meets [S].

        None if it is not stated.
        """
        if self.pulse_energy is not None:
            return self.pulse_energy * pulses
        if self.pulse_voltage is None or self.pulse_width is None:
            return None
        return self.pulse_voltage**2 * siemens * self.pulse_width

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
