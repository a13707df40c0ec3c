"""The devices between hidden nodes and ground, as typed elements."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analogeq.circuit.elements import DiodeModel, Diodes, Doubles, Ints, Table, VoltageSources, written
from analogeq.errors import InputError
from analogeq.hardware.diode import thermal_voltage
from analogeq.hardware.resistive import (
    DoubleShockley,
    IdealDiode,
    JunctionDiode,
    JunctionPair,
    MeasuredCurve,
    NodeDevice,
    NoDevice,
    ShockleyDiode,
)

CELSIUS = 27.0
"""Temperature that the netlist states; a device's thermal voltage is its own."""

FAR = 1e3
"""Volts to which a measured curve is continued straight."""


@dataclass(frozen=True, eq=False)
class NodeDiodes(Table):
    """Stand-ins for a perfect diode to ground: beyond 0 V, on the side ``-sign``, a conductance [S]."""

    sign: Doubles
    siemens: Doubles

    letter, kind, terminals, quantities = "b", "ideal node diode", 1, ("sign", "siemens")

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line an element: its current out of the node, by expression."""
        nodes = [node_names[k] for k in self.nodes[:, 0].tolist()]
        sides = ["<" if sign > 0.0 else ">" for sign in self.sign.tolist()]
        text = "{0} {1} 0 i = v({1}){2}0 ? v({1})*{3} : 0"
        return map(text.format, self.names, nodes, sides, written(self.siemens))


@dataclass(frozen=True, eq=False)
class NodeCurves(Table):
    """Measured curves to ground, turned round where ``sign`` is -1."""

    sign: Doubles
    volts: Doubles
    amperes: Doubles

    letter, kind, terminals, quantities = "b", "measured curve", 1, ("sign",)

    def lines(self, node_names: tuple[str, ...]) -> Iterator[str]:
        """One line an element: its current by a table."""
        for name, node, sign in zip(self.names, self.nodes[:, 0].tolist(), self.sign.tolist(), strict=True):
            order = slice(None) if sign > 0.0 else slice(None, None, -1)
            points = zip((sign * self.volts)[order].tolist(), (sign * self.amperes)[order].tolist(), strict=True)
            table = ", ".join(f"{v!r}, {i!r}" for v, i in points)
            yield f"{name} {node_names[node]} 0 i = pwl(v({node_names[node]}), {table})"


def device_tables(
    device: NodeDevice, names: tuple[str, ...], at: Ints, sign: Doubles, biases: tuple[int, ...]
) -> tuple[Table, ...]:
    """Elements of the devices at nodes ``at``.

    Parameters
    ----------
    device : NodeDevice
    names : tuple of str
        One for each node, without the letter of a kind.
    at : ndarray of int
        Node numbers.
    sign : ndarray
        Polarity of each, +1 or -1.
    biases : tuple of int
        Numbers of the device's bias nodes, in the order of `bias_nodes`.
    """
    if not len(at):
        return ()
    if isinstance(device, IdealDiode):
        stiff = np.full(len(at), float(device.stiffness))
        return (NodeDiodes(_named("bd", names), at[:, None], sign, stiff),)
    if isinstance(device, DoubleShockley):
        saturation = device.saturation_current * math.exp(-device.offset / device.thermal_voltage)
        model = _textbook(saturation, device.thermal_voltage)
        return _between(names, at, (*biases, *biases), {"vmiddle": device.middle}, model)
    if isinstance(device, JunctionPair):
        sources = {"vupper": device.upper, "vlower": device.lower}
        return _between(names, at, biases, sources, _card(device))
    if isinstance(device, JunctionDiode):
        return (_grounded(names, at, sign, _card(device)),)
    if isinstance(device, ShockleyDiode):
        model = _textbook(device.saturation_current, device.scaled_thermal_voltage)
        return (_grounded(names, at, sign, model),)
    if isinstance(device, MeasuredCurve):
        volts, amperes = _continued(device)
        return (NodeCurves(_named("bd", names), at[:, None], sign, volts, amperes),)
    if isinstance(device, NoDevice):
        return ()
    raise InputError(f"device {type(device).__name__}: it has no netlist; use one of analogeq.hardware.resistive")


def bias_nodes(device: NodeDevice) -> tuple[str, ...]:
    """Name the nodes that a device's bias sources hold; where saturation currents cancel their middle is enough."""
    if isinstance(device, DoubleShockley):
        return ("middle",)
    return ("upper", "lower") if isinstance(device, JunctionPair) else ()


def _textbook(saturation_current: float, scaled_thermal_voltage: float) -> DiodeModel:
    """Card whose N makes the device's own thermal voltage of that at the netlist's temperature."""
    return DiodeModel("dnode", saturation_current, scaled_thermal_voltage / thermal_voltage(CELSIUS), 0.0)


def _card(device: JunctionDiode) -> DiodeModel:
    """Card of a real diode; another temperature than the netlist's is in N, since IS is given at its own."""
    warmer = thermal_voltage(device.temperature) / thermal_voltage(CELSIUS)
    return DiodeModel("dnode", device.saturation_current, device.ideality * warmer, device.series_resistance)


def _grounded(names: tuple[str, ...], at: Ints, sign: Doubles, model: DiodeModel) -> Diodes:
    """One diode from ground to each node, turned round where ``sign`` is -1."""
    ground = np.zeros_like(at)
    upright = (sign > 0.0)[:, None]
    ends = np.where(upright, np.column_stack((ground, at)), np.column_stack((at, ground)))
    return Diodes(_named("dn", names), ends, model)


def _between(
    names: tuple[str, ...], at: Ints, biases: tuple[int, ...], sources: dict[str, float], model: DiodeModel
) -> tuple[Table, ...]:
    """Bias sources, and at each node one diode to the upper bias and one from the lower."""
    upper, lower = (np.full_like(at, bias) for bias in biases)
    held = np.array([[bias, 0] for bias in dict.fromkeys(biases)], dtype=np.intp)
    return (
        VoltageSources(tuple(sources), held, np.array([float(volts) for volts in sources.values()])),
        Diodes(_named("du", names), np.column_stack((at, upper)), model),
        Diodes(_named("dl", names), np.column_stack((lower, at)), model),
    )


def _continued(curve: MeasuredCurve) -> tuple[Doubles, Doubles]:
    slopes = curve.slopes
    low, high = min(-FAR, 2.0 * float(curve.volts[0])), max(FAR, 2.0 * float(curve.volts[-1]))
    first = float(curve.amperes[0] + slopes[0] * (low - curve.volts[0]))
    last = float(curve.amperes[-1] + slopes[-1] * (high - curve.volts[-1]))
    return np.array([low, *curve.volts, high]), np.array([first, *curve.amperes, last])


def _named(letters: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{letters}{name}" for name in names)
