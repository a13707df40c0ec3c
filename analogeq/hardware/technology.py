"""What a chip is made of, in SI units."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from analogeq.errors import TechnologyError
from analogeq.hardware.clamp import Clamp, DiodeClamp, IdealClamp
from analogeq.hardware.converter import Converter
from analogeq.hardware.cost_figures import HopfieldCost, check_cost
from analogeq.hardware.limits import (
    at_temperature,
    check_coefficient,
    check_int,
    check_label,
    check_not_negative,
    check_number,
    check_positive,
    check_temperature,
)
from analogeq.hardware.memory import Memory, check_range
from analogeq.hardware.nudge import NudgeSource
from analogeq.hardware.wires import Wires

MAPPINGS = ("differential", "offset-column", "affine")
"""Ways to lay signed weights onto devices."""


@dataclass(frozen=True)
class Technology:
    """One description of the hardware, honoured by both engines and by the netlist.

    Attributes
    ----------
    unit_conductance : float
        G0 [S], the leak of every neuron and the unit of its weights.
    node_capacitance : float
        C [F] from every neuron to ground; the time constant is ``C / G0``.
    rail : float
        V_u [V], the upper rail; a node voltage over it is the neuron's signal in [0, 1].
    conductance_low, conductance_high : float
        What one device of a pair can be programmed to [S].
    sense_gain : float
        A, the current gain from a virtual-ground column into its neuron.
    follower_gain : float
        Open-loop gain of the amplifier that drives a word line from a neuron (a voltage follower:
        the line stands at ``a / (1 + a)`` of the neuron's voltage). Infinite by default.
    sense_offset, sense_offset_spread : float
        Where the virtual grounds of a column stand instead of at 0 V [V]: all of them, and the standard deviation of
        each, those of a pair's two columns, or of every array's columns and reference, apart.
    sense_gain_spread : float
        Standard deviation of the relative error of A among neurons; among columns, and among the copies that neurons
        have of a reference, where weights share reference lines (`analogeq.circuit.reference_lines`).
    follower_offset, follower_offset_spread : float
        By how much a follower's line stands higher than its neuron [V] before the gain's error: likewise.
    follower_low, follower_high : float
        Output swing: the voltages [V] that word lines can be driven to; without end by default.
    follower_bandwidth, sense_bandwidth : float
        Where followers and conveyors have their one pole [Hz]; infinite by default.
    sense_current_limit : float
        Largest current that a conveyor sends into its neuron [A]; infinite by default.
    amplifier_seed : int
        Which chip: the seed of what is drawn of amplifiers.
    clamp : IdealClamp or DiodeClamp
        What holds a node between ground and the rail.
    arrays : {"shared", "mirrored"}
        Whether both directions of a weight read one array or each its own.
    mapping : {"differential", "offset-column", "affine"}
        How signed weights are laid onto devices: a pair for each, or one device against a reference that its word line
        shares, at the middle of the range or where the weights of the array put zero; see `analogeq.circuit.mapping`.
    affine_headroom : float
        How many times as far as the weights that it is first written with an affine chip's arrays reach, 1 or more:
        room for weights that learn in place.
    mirror_mismatch : float
        Standard deviation of the relative error of the backward array's weights; mirrored only. Against references it
        is the error of what a device conducts beyond the place of a weight of zero.
    mirror_seed : int
        Which chip: the seed of that error.
    dac : Converter
        Puts out inputs and the tether's predictions.
    adc : Converter
        Reads node voltages.
    nudge : NudgeSource
        Puts out the targets that outputs are nudged to, and the conductances to them.
    wires : Wires
        What the crossbars' wires, drivers and virtual grounds resist; ideal by default.
    temperature : float
        Of the chip [degC]; IS of a diode is taken as given at this temperature.
    device_temperature_coefficient, leak_temperature_coefficient : float
        Relative change of what programmable devices, or leaks, conduct for each kelvin above 27 degC [1/K]. Ranges,
        conductances that are programmed and G0 are meant at 27 degC.
    memory : Memory
        What the devices of the pairs are like; by default they hold exactly what is written.
    cost : HopfieldCost
        What parts take, for what a chip costs; decides nothing that a circuit does.
    """

    family: ClassVar[str] = "hopfield"

    name: str = "ideal"
    unit_conductance: float = 10e-6
    node_capacitance: float = 1e-12
    rail: float = 1.0
    conductance_low: float = 0.1e-6
    conductance_high: float = 100e-6
    sense_gain: float = 1.0
    follower_gain: float = math.inf
    sense_offset: float = 0.0
    sense_offset_spread: float = 0.0
    sense_gain_spread: float = 0.0
    follower_offset: float = 0.0
    follower_offset_spread: float = 0.0
    follower_low: float = -math.inf
    follower_high: float = math.inf
    follower_bandwidth: float = math.inf
    sense_bandwidth: float = math.inf
    sense_current_limit: float = math.inf
    amplifier_seed: int = 0
    clamp: Clamp = field(default_factory=IdealClamp)
    arrays: Literal["shared", "mirrored"] = "shared"
    mapping: Literal["differential", "offset-column", "affine"] = "differential"
    affine_headroom: float = 1.0
    mirror_mismatch: float = 0.0
    mirror_seed: int = 0
    dac: Converter = field(default_factory=Converter)
    adc: Converter = field(default_factory=Converter)
    nudge: NudgeSource = field(default_factory=NudgeSource)
    wires: Wires = field(default_factory=Wires)
    temperature: float = 27.0
    device_temperature_coefficient: float = 0.0
    leak_temperature_coefficient: float = 0.0
    memory: Memory = field(default_factory=Memory)
    cost: HopfieldCost = field(default_factory=HopfieldCost)

    def __post_init__(self) -> None:
        check_label("name", self.name)
        check_positive("unit_conductance", self.unit_conductance, "S")
        check_positive("node_capacitance", self.node_capacitance, "F")
        check_positive("rail", self.rail, "V")
        check_positive("conductance_low", self.conductance_low, "S")
        check_positive("conductance_high", self.conductance_high, "S")
        check_positive("sense_gain", self.sense_gain)
        check_positive("follower_gain", self.follower_gain, infinite=True)
        check_number("sense_offset", self.sense_offset, "V")
        check_not_negative("sense_offset_spread", self.sense_offset_spread, "V")
        check_not_negative("sense_gain_spread", self.sense_gain_spread)
        check_number("follower_offset", self.follower_offset, "V")
        check_not_negative("follower_offset_spread", self.follower_offset_spread, "V")
        check_number("follower_low", self.follower_low, "V", infinite=True)
        check_number("follower_high", self.follower_high, "V", infinite=True)
        check_positive("follower_bandwidth", self.follower_bandwidth, "Hz", infinite=True)
        check_positive("sense_bandwidth", self.sense_bandwidth, "Hz", infinite=True)
        check_positive("sense_current_limit", self.sense_current_limit, "A", infinite=True)
        check_int("amplifier_seed", self.amplifier_seed, 0, None, "give a seed from 0")
        check_not_negative("mirror_mismatch", self.mirror_mismatch)
        check_int("mirror_seed", self.mirror_seed, 0, None, "give a seed from 0")
        for key, kind in (("dac", Converter), ("adc", Converter), ("nudge", NudgeSource)):
            if not isinstance(getattr(self, key), kind):
                raise TechnologyError(f"{key}: {getattr(self, key)!r} is no {kind.__name__}; give one")
        self._check_together()

    def _check_together(self) -> None:
        check_temperature("temperature", self.temperature)
        for key in ("device_temperature_coefficient", "leak_temperature_coefficient"):
            check_coefficient(key, getattr(self, key), self.temperature)
        check_range(self.conductance_low, self.conductance_high, self.memory)
        if self.arrays not in ("shared", "mirrored"):
            raise TechnologyError(f"arrays: {self.arrays!r} is unknown; give 'shared' or 'mirrored'")
        if self.arrays == "shared" and self.mirror_mismatch > 0:
            raise TechnologyError(
                f"mirror_mismatch: {self.mirror_mismatch!r} with shared arrays, where both directions read one device; "
                "set arrays to 'mirrored' or the mismatch to 0"
            )
        self._check_mapping()
        if self.follower_low >= self.follower_high:
            raise TechnologyError(
                f"follower_low: {self.follower_low!r} V is not below follower_high, {self.follower_high!r} V; "
                "give the swing from its lower end to its upper one"
            )
        if not isinstance(self.clamp, IdealClamp | DiodeClamp):
            raise TechnologyError(f"clamp: {self.clamp!r} is no clamp; give an IdealClamp or a DiodeClamp")
        if not isinstance(self.wires, Wires):
            raise TechnologyError(f"wires: {self.wires!r} are no wires; give Wires")
        check_cost(self.cost, HopfieldCost)

    def _check_mapping(self) -> None:
        """Refuse what weights that share reference lines do not have."""
        if self.mapping not in MAPPINGS:
            raise TechnologyError(
                f"mapping: {self.mapping!r} is unknown; give {', '.join(map(repr, MAPPINGS[:-1]))} or {MAPPINGS[-1]!r}"
            )
        if check_number("affine_headroom", self.affine_headroom) < 1.0:
            raise TechnologyError(
                f"affine_headroom: {self.affine_headroom!r} is below 1, so the chip could not hold the weights that it "
                "is laid out for; give 1 or more"
            )
        if self.mapping != "differential" and self.memory.pairs == "balanced":
            raise TechnologyError(
                f"mapping: {self.mapping!r} with balanced pairs, where a weight is one device and has no second one to "
                "take half of it; leave pairs at 'one-sided', or set mapping to 'differential'"
            )

    @property
    def time_constant(self) -> float:
        """Tau = C / G0 [s]."""
        return self.node_capacitance / self.unit_conductance

    @property
    def weight_limit(self) -> float:
        """Largest ``|w|`` a chip can hold, dimensionless.

        ``A (high - low) / G0`` of pairs, half of it against references in the middle of the range, and without end
        where the conveyors' gains are made for the weights (what such a chip reaches once it is made is another matter:
        `analogeq.circuit.referenced.ReferencedDevices.bound`).
        """
        if self.mapping == "affine":
            return math.inf
        whole = self.sense_gain * (self.conductance_high - self.conductance_low) / self.unit_conductance
        return whole if self.mapping == "differential" else 0.5 * whole

    @property
    def remembers(self) -> bool:
        """Whether a chip that learns is more than its weights: real devices, or gains made for the first weights."""
        return not self.memory.ideal or self.mapping == "affine"

    @property
    def device_factor(self) -> float:
        """What programmable devices conduct at the chip's temperature over what they do at 27 degC."""
        return at_temperature(self.device_temperature_coefficient, self.temperature)

    @property
    def leak_conductance(self) -> float:
        """Leak of every neuron at the chip's temperature [S]; G0 at 27 degC."""
        return self.unit_conductance * at_temperature(self.leak_temperature_coefficient, self.temperature)

    @property
    def follower_factor(self) -> float:
        """Word-line voltage over neuron voltage, ``a / (1 + a)``; 1 for an ideal follower."""
        return 1.0 if math.isinf(self.follower_gain) else self.follower_gain / (1.0 + self.follower_gain)
