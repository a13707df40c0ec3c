"""What every answer obeys, whoever gave it: Kirchhoff, Tellegen, reciprocity, a falling energy and its minimum.

Currents and couplings are taken from the elements of the netlist, not from the equations that engines solve.
"""

from __future__ import annotations

import numpy as np
from circuit_cases import BATCH, Case, Doubles, only
from numpy.typing import NDArray

from analogeq.circuit import Drive, co_content, kirchhoff_residual
from analogeq.circuit.elements import CurrentSources, Diodes, IdealClamps, Resistors, Transconductances
from analogeq.circuit.netlist.simulation import folded_schematic
from analogeq.hardware import DiodeClamp, Technology
from analogeq.hardware.diode import resisted_diode_current, thermal_voltage

NATIVE_RESIDUAL, NGSPICE_RESIDUAL = 1e-9, 1e-6
"""Kirchhoff's law at an answer, in units of G0 times the rail: rounding behind a diode as steep as
1e6 G0; what the engines' contract accepts."""

TELLEGEN = {"native": 1e-9, "ngspice": 1e-6}
"""Sum of all branch powers over the sum of their magnitudes."""

RISE = 1e-12
"""Largest step up of the energy along a waveform, in G0 times the rail squared. The waveform errs by
1e-8 rails; that shows as a rise only where the fall is as small, which is where the slope is, too."""

LOWER = 1e-13
"""How far below the answer's energy a neighbour may lie, in the same unit: rounding of sums of order ten."""

ASYMMETRY = 1e-15
"""Difference of the two directions of a coupling over the largest, with shared arrays."""


LIMITS = {
    "Kirchhoff's residual, native": NATIVE_RESIDUAL,
    "Kirchhoff's residual, ngspice": NGSPICE_RESIDUAL,
    "Tellegen's sum, native": TELLEGEN["native"],
    "Tellegen's sum, ngspice": TELLEGEN["ngspice"],
    "asymmetry of the couplings": ASYMMETRY,
    "rise of the energy along the waveform": RISE,
    "energy of a neighbour below the answer's": LOWER,
}


def laws(case: Case, who: str, voltages: Doubles, settled: NDArray[np.bool_]) -> dict[str, float]:
    """Largest residual and Tellegen sum of one engine's answers."""
    drive = only(case.drive, np.flatnonzero(settled))
    residual = kirchhoff_residual(case.circuit, case.conductances, drive, voltages) / case.unit_current
    sums = [tellegen_sum(case, only(drive, np.array([k])), v) for k, v in enumerate(voltages)]
    return {
        f"Kirchhoff's residual, {who}": float(residual.max(initial=0.0)),
        f"Tellegen's sum, {who}": max(sums, default=0.0),
    }


def tellegen_sum(case: Case, drive: Drive, voltages: Doubles) -> float:
    """Sum of the powers of all elements of the netlist over the sum of their magnitudes, for one sample."""
    currents = case.circuit.norton_currents(case.conductances, drive)[0]
    at = np.concatenate([[0.0], voltages, [case.circuit.technology.rail]])
    supplied = 0.0
    powers: list[float] = []
    for table in folded_schematic(case.circuit, case.conductances).tables:
        ends = at[table.nodes[:, :2]] if table.terminals > 1 else at[table.nodes[:, :1]]
        across = ends[:, 0] - (ends[:, 1] if ends.shape[1] > 1 else 0.0)
        if isinstance(table, CurrentSources):
            through: Doubles = currents.astype(np.float64)
        elif isinstance(table, Resistors):
            through = across / table.ohms
        elif isinstance(table, Transconductances):
            control = at[table.nodes[:, 2]] - at[table.nodes[:, 3]]
            through = _siemens(table, drive) * control
        elif isinstance(table, IdealClamps):
            through = _clamp_currents(case, drive, voltages, table)
        elif isinstance(table, Diodes):
            through = _diode_currents(case, across)
            # What the upper diodes carry, the rail's source takes.
            supplied += float(through[table.nodes[:, 1] == len(at) - 1].sum())
        else:
            continue
        powers += (across * through).tolist()
    powers.append(supplied * case.circuit.technology.rail)
    total = sum(map(abs, powers))
    return abs(sum(powers)) / total if total else 0.0  # nothing flows where all nodes lie at ground


def _siemens(table: Transconductances, drive: Drive) -> Doubles:
    if table.names and table.names[0].startswith("gt"):
        return np.full(len(table), drive.tether.conductance if drive.tether else 0.0)
    if table.names and table.names[0].startswith("gn"):
        return np.full(len(table), drive.nudge.conductance if drive.nudge else 0.0)
    return table.siemens


def _clamp_currents(case: Case, drive: Drive, voltages: Doubles, table: IdealClamps) -> Doubles:
    """What clamps draw: all that pushes a node outwards that stands at its rail, to the clamp's stiffness."""
    rail = case.circuit.technology.rail
    near = 100.0 * case.unit_current / table.siemens
    net = case.circuit.unclamped_currents(case.conductances, drive, voltages[None])[0]
    high = np.where(voltages >= rail - near, np.maximum(net, 0.0), 0.0)
    drawn: Doubles = np.where(voltages <= near, np.minimum(net, 0.0), high)
    return drawn


def _diode_currents(case: Case, across: Doubles) -> Doubles:
    clamp, tech = case.circuit.technology.clamp, case.circuit.technology
    assert isinstance(clamp, DiodeClamp)  # noqa: S101  only such a circuit has diodes
    nvt = clamp.ideality * thermal_voltage(tech.temperature)
    current = resisted_diode_current(across, clamp.saturation_current, nvt, clamp.series_resistance)[0]
    return current.astype(np.float64)


def energy_measures(case: Case, waveform: Doubles, answers: Doubles, settled: NDArray[np.bool_]) -> dict[str, float]:
    """How far couplings differ, the energy rises along a waveform, and neighbours lie below the answers."""
    couplings = netlist_couplings(case)
    rises, lower = [0.0], [0.0]
    for sample in range(BATCH):
        one = np.array([sample])
        rises.append(float(np.diff(energy(case, one, waveform[sample])).max(initial=0.0)))
        if settled[sample]:
            near = _neighbours(case, answers[sample], sample)
            values = energy(case, one, near)
            lower.append(float((values[0] - values[1:]).max()))
    return {
        "asymmetry of the couplings": float(np.abs(couplings - couplings.T).max() / np.abs(couplings).max())
        if couplings.any()
        else 0.0,
        "rise of the energy along the waveform": max(rises) / case.unit_power,
        "energy of a neighbour below the answer's": max(lower) / case.unit_power,
    }


def netlist_couplings(case: Case) -> Doubles:
    """Current into each node per voltage of each other [S], by the netlist's elements."""
    size = case.circuit.network.n_nodes + 1
    matrix = np.zeros((size, size))
    for table in folded_schematic(case.circuit, case.conductances).tables:
        if isinstance(table, Transconductances):
            source, target, plus, minus = table.nodes.T
            for out, sign in ((source, -1.0), (target, 1.0)):
                np.add.at(matrix, (out, plus), sign * table.siemens)
                np.add.at(matrix, (out, minus), -sign * table.siemens)
    return matrix[1:, 1:]


def energy(case: Case, sample: NDArray[np.intp], voltages: Doubles) -> Doubles:
    """Energy of the circuit with its clamps [W] at each row of ``voltages``, under one sample's drive."""
    drive = only(case.drive, np.repeat(sample, len(voltages)))
    stored: Doubles = co_content(case.circuit, case.conductances, drive, voltages).astype(np.float64)
    tech = case.circuit.technology
    if isinstance(tech.clamp, DiodeClamp):
        stored += (diode_content(voltages - tech.rail, tech) + diode_content(-voltages, tech)).sum(axis=1)
    return stored


def diode_content(v: Doubles, technology: Technology) -> Doubles:
    """Integral of a clamp diode's current from zero to ``v`` [W], its series resistance included."""
    clamp = technology.clamp
    assert isinstance(clamp, DiodeClamp)  # noqa: S101  asked of such circuits only
    saturation, nvt = clamp.saturation_current, clamp.ideality * thermal_voltage(technology.temperature)
    current = resisted_diode_current(v, saturation, nvt, clamp.series_resistance)[0]
    x = v - clamp.series_resistance * current
    corner = -3.0 * nvt
    forward = saturation * (nvt * np.expm1(np.maximum(x, corner) / nvt) - np.maximum(x, corner))
    below = np.minimum(x, corner)
    reverse = -saturation * ((below - corner) - 0.5 * (3.0 * nvt / np.e) ** 3 * (below**-2.0 - corner**-2.0))
    gmin = 1e-12
    content: Doubles = forward + reverse + 0.5 * gmin * x**2 + 0.5 * clamp.series_resistance * current**2
    return content


def _neighbours(case: Case, answer: Doubles, sample: int, count: int = 20) -> Doubles:
    """Draw the answer and admissible points close to it, shape (1 + count, node)."""
    rng = np.random.default_rng(sample)
    rail = case.circuit.technology.rail
    size = rail * 10.0 ** rng.uniform(-6.0, -3.0, (count, 1))
    near = answer + size * rng.standard_normal((count, answer.size))
    if case.clamp == "ideal":
        near = np.clip(near, 0.0, rail)
    return np.vstack([answer, near])
