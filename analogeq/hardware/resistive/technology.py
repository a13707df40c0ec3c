"""Every number of a chip of the resistive family that does not depend on the network."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from analogeq.errors import TechnologyError
from analogeq.hardware.cost_figures import ResistiveCost, check_cost
from analogeq.hardware.limits import check_label, check_not_negative, check_number, check_positive
from analogeq.hardware.memory import Memory, check_range
from analogeq.hardware.nudge import NudgeConductance
from analogeq.hardware.resistive.device import NodeDevice
from analogeq.hardware.resistive.ideal_diode import IdealDiode
from analogeq.hardware.wires import Wires


@dataclass(frozen=True)
class Amplifier:
    """A bidirectional amplifier behind a hidden node.

    Towards the outputs it is a voltage source A·v; of the current drawn there it takes c times from
    the node.

    Attributes
    ----------
    voltage_gain : float or tuple of float
        A, one for all hidden nodes or one for each, in the order of the node axis.
    current_gain : float or tuple of float
        c, likewise.
    """

    voltage_gain: float | tuple[float, ...] = 4.0
    current_gain: float | tuple[float, ...] = 0.25

    def __post_init__(self) -> None:
        for key, gains in (("voltage_gain", self.voltage_gain), ("current_gain", self.current_gain)):
            if not isinstance(gains, tuple):
                check_positive(f"amplifier {key}", gains)
                continue
            if not gains:
                raise TechnologyError(f"amplifier {key}: no gains; give one number, or one for each hidden node")
            for at, gain in enumerate(gains):
                check_positive(f"amplifier {key}[{at}]", gain)


@dataclass(frozen=True, kw_only=True)
class ResistiveTechnology:
    """What a resistive chip is made of.

    Attributes
    ----------
    conductance_low, conductance_high : float
        What a programmable conductance can hold [S]; the high end may be infinite.
    input_gain : float
        Volts at an input for a signal of 1.
    inputs : {"doubled", "single"}
        Doubled: every input stands twice, as +x and as -x, since no conductance is negative.
    bias_voltage : float or None
        Voltage [V] of one more input (doubled like the rest, without the gain) to all nodes; none if None.
    bias_currents : {"programmed", "none"}
        Whether each node has a current source that learns.
    device : NodeDevice
        What stands between every hidden node and ground.
    amplifier : Amplifier or None
        What stands behind every hidden node.
    nudge : NudgeConductance
        What outputs are nudged with: conductances, or current sources.
    outputs : {"single", "pairs"}
        Pairs: an output signal is the voltage of one node less that of the next.
    name : str
    memory : Memory
        What the programmable conductances are like; by default they hold exactly what is written.
    wires : Wires
        What the lines of every crossbar resist. Here ``driver_resistance`` stands between a word line and the source,
        node or amplifier that it comes from, ``sense_resistance`` between a bit line and the node that it ends in.
    cost : ResistiveCost
        What parts take, for what a chip costs; decides nothing that a circuit does.
    """

    family: ClassVar[str] = "resistive"

    conductance_low: float = 0.0
    conductance_high: float = math.inf
    input_gain: float = 1.0
    inputs: Literal["doubled", "single"] = "doubled"
    bias_voltage: float | None = None
    bias_currents: Literal["programmed", "none"] = "programmed"
    device: NodeDevice = field(default_factory=IdealDiode)
    amplifier: Amplifier | None = None
    nudge: NudgeConductance = field(default_factory=NudgeConductance)
    outputs: Literal["single", "pairs"] = "single"
    name: str = "generic resistive"
    memory: Memory = field(default_factory=Memory)
    wires: Wires = field(default_factory=Wires)
    cost: ResistiveCost = field(default_factory=ResistiveCost)

    def __post_init__(self) -> None:
        check_label("name", self.name)
        check_not_negative("conductance_low", self.conductance_low, "S")
        check_positive("conductance_high", self.conductance_high, "S", infinite=True)
        check_range(self.conductance_low, self.conductance_high, self.memory)
        if self.memory.pairs != "one-sided":
            raise TechnologyError(
                f"memory pairs: {self.memory.pairs!r}, and a conductance of this family is one device; leave pairs "
                "out, or use family 'hopfield'"
            )
        if not isinstance(self.nudge, NudgeConductance):
            raise TechnologyError(f"nudge: {self.nudge!r} is no NudgeConductance; give one")
        check_cost(self.cost, ResistiveCost)
        if not isinstance(self.wires, Wires):
            raise TechnologyError(f"wires: {self.wires!r} are no wires; give Wires")
        check_positive("input_gain", self.input_gain)
        if self.bias_voltage is not None:
            check_number("bias_voltage", self.bias_voltage, "V")
        for key, allowed in (
            ("inputs", ("doubled", "single")),
            ("bias_currents", ("programmed", "none")),
            ("outputs", ("single", "pairs")),
        ):
            if getattr(self, key) not in allowed:
                raise TechnologyError(
                    f"{key}: {getattr(self, key)!r} is unknown; give {' or '.join(map(repr, allowed))}"
                )
