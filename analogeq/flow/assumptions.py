"""What a chip's description takes as given, in sentences for people."""

from __future__ import annotations

import math

from analogeq.hardware import NudgeConductance, ResistiveTechnology, Technology, Wires
from analogeq.hardware.clamp import Clamp, IdealClamp
from analogeq.hardware.converter import Converter


def assumptions(technology: Technology | ResistiveTechnology) -> tuple[str, ...]:
    """Say what is ideal in this technology, and what neither family models."""
    if isinstance(technology, ResistiveTechnology):
        return (
            *_resistive(technology),
            "Amplifiers have neither offset nor bandwidth, and their own supply is not counted.",
        )
    return (
        *_hopfield(technology),
        "The amplifiers' own supply is not counted.",
    )


def _hopfield(technology: Technology) -> tuple[str, ...]:
    followers = (
        "The followers that drive word lines are ideal."
        if math.isinf(technology.follower_gain)
        else f"Followers have an open-loop gain of {technology.follower_gain:g}: a line stands at "
        f"{technology.follower_factor:.6g} of its neuron's voltage."
    )
    clamp = (
        "Neurons are held between the rails by ideal clamps: no drop, no knee."
        if isinstance(technology.clamp, IdealClamp)
        else "Neurons are held between the rails by exponential diodes."
    )
    arrays = (
        "Both directions of a weight read one array."
        if technology.arrays == "shared"
        else f"Each direction of a weight has an array of its own, {100 * technology.mirror_mismatch:g} % apart."
    )
    return (
        followers,
        _amplifiers(technology),
        _limits(technology),
        clamp + _levels(technology.clamp),
        arrays,
        _mapping(technology),
        _temperature(technology),
        _wires(technology.wires, paired=technology.mapping == "differential"),
        _converter("DACs", technology.dac),
        _converter("ADCs", technology.adc),
        _converter("The converters behind the nudge", technology.nudge),
        _nudge(technology.nudge.conductance),
    )


MAPPED = {
    "differential": "A signed weight is the difference of two devices, a pair.",
    "offset-column": "A signed weight is one device against its word line's reference in the middle of the range.",
    "affine": "A signed weight is one device against its word line's reference; every array's weights are scaled to "
    "meet the ends of the range, with conveyors of a gain that undoes it.",
}


def _mapping(technology: Technology) -> str:
    said = MAPPED[technology.mapping]
    if technology.mapping == "affine":
        return (
            f"{said} Gains are made for the weights first written, with room for {technology.affine_headroom:g} times "
            "as much."
        )
    return said


def _limits(tech: Technology) -> str:
    swing = (
        f"Word lines are driven from {tech.follower_low:g} to {tech.follower_high:g} V"
        if math.isfinite(tech.follower_low) or math.isfinite(tech.follower_high)
        else "Followers have no limit of swing"
    )
    current = (
        "conveyors none of current"
        if math.isinf(tech.sense_current_limit)
        else f"conveyors send at most {tech.sense_current_limit:g} A, as a hyperbolic tangent"
    )
    poles = [
        f"{what} have one pole at {hertz:g} Hz"
        for what, hertz in (("followers", tech.follower_bandwidth), ("conveyors", tech.sense_bandwidth))
        if math.isfinite(hertz)
    ]
    return f"{swing}, {current}; {' and '.join(poles) or 'both follow at once'}."


def _amplifiers(technology: Technology) -> str:
    tech = technology
    flaws = (tech.sense_offset, tech.sense_offset_spread, tech.follower_offset, tech.follower_offset_spread)
    if not any((*flaws, tech.sense_gain_spread)):
        return "Amplifiers have no offsets, and all conveyors one gain."
    each = "" if tech.mapping == "differential" else ", one for each column and one for each copy of a reference"
    return (
        f"Virtual grounds stand at {tech.sense_offset:g} ± {tech.sense_offset_spread:g} V, followers add "
        f"{tech.follower_offset:g} ± {tech.follower_offset_spread:g} V, and conveyors' gains are "
        f"±{100 * tech.sense_gain_spread:g} % apart{each} (standard deviations of chip {tech.amplifier_seed})."
    )


def _levels(clamp: Clamp) -> str:
    if clamp.lower_spread == clamp.upper_spread == 0.0:
        return ""
    return (
        f" Among neurons their lower level differs by ±{clamp.lower_spread:g} V, the upper one by "
        f"±{clamp.upper_spread:g} V (standard deviations of chip {clamp.seed})."
    )


def _temperature(technology: Technology) -> str:
    devices, leaks = technology.device_temperature_coefficient, technology.leak_temperature_coefficient
    at, leak = (
        f"The chip is at {technology.temperature:g} °C",
        technology.leak_conductance / technology.unit_conductance,
    )
    if devices == leaks == 0.0:
        return f"{at}; what its devices and leaks conduct does not depend on that."
    return (
        f"{at}: devices, programmed for 27 °C, conduct {technology.device_factor:.4g} of that "
        f"({1e6 * devices:g} ppm/K), leaks {leak:.4g} ({1e6 * leaks:g} ppm/K)."
    )


def _wires(wires: Wires, *, paired: bool) -> str:
    if wires.are_ideal:
        return "Crossbars have ideal wires, drivers and virtual grounds."
    arrays = (
        "The two arrays of a layer's pairs have wires of their own"
        if paired
        else "References are the last cell of every word line; the other direction's are switched off"
    )
    return (
        f"For each cell a word line resists {wires.word_line_resistance:g} Ω and a bit line "
        f"{wires.bit_line_resistance:g} Ω. Drivers ({wires.driven_from}) resist {wires.driver_resistance:g} Ω, "
        f"virtual grounds ({wires.sensed_at}) {wires.sense_resistance:g} Ω. {arrays}; biases have no "
        "wire."
    )


def _lines_of_nodes(wires: Wires) -> str:
    if wires.are_ideal:
        return "Crossbars have ideal wires."
    return (
        f"For each cell a word line resists {wires.word_line_resistance:g} Ω and a bit line "
        f"{wires.bit_line_resistance:g} Ω. Between a word line ({wires.driven_from}) and the source, node or amplifier "
        f"it comes from stand {wires.driver_resistance:g} Ω, between a bit line ({wires.sensed_at}) and its node "
        f"{wires.sense_resistance:g} Ω. Inputs and their opposites, and bias sources, are lines of one crossbar."
    )


def _converter(name: str, converter: Converter) -> str:
    bits = "no end of" if converter.bits is None else converter.bits
    if converter.is_linear:
        return f"{name} are ideal." if converter.bits is None else f"{name} have {bits} bits and are linear."
    return (
        f"{name} have {bits} bits, a gain of {converter.gain:g} (±{converter.gain_spread:g} among channels), an offset "
        f"of {converter.offset:g} V (±{converter.offset_spread:g} V), a bow of {100 * converter.nonlinearity:g} % of "
        f"full scale and a noise of {converter.noise:g} V."
    )


_DEVICES = {
    "IdealDiode": "one perfect diode each",
    "ShockleyDiode": "one exponential diode each",
    "DoubleShockley": "two exponential diodes back to back each",
    "DiodePair": "two exponential diodes to two bias sources each",
    "JunctionDiode": "one real diode each, by the numbers of its model",
    "JunctionPair": "two real diodes to two bias sources each, by the numbers of their model",
    "MeasuredCurve": "a device with a measured curve each",
    "NoDevice": "no device: the circuit is linear",
}


def _nudge(nudge: NudgeConductance) -> str:
    if nudge.nominal:
        return "Outputs are nudged exactly as hard as is asked for."
    return (
        f"Outputs are nudged {nudge.conductance_gain:g} times as hard as is asked for "
        f"(±{100 * nudge.conductance_spread:g} % among them, a standard deviation of chip {nudge.seed})."
    )


def _resistive(technology: ResistiveTechnology) -> tuple[str, ...]:
    return (
        "Input sources have no resistance, and conductances are linear.",
        _lines_of_nodes(technology.wires),
        f"Hidden nodes carry {_DEVICES[type(technology.device).__name__]}.",
        _nudge(technology.nudge),
        "The circuit settles at once: this family has no capacitors and no time.",
    )
