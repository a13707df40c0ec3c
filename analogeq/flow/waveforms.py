"""The waveform of one sample: followed from zero, written as CSV and drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit
from analogeq.engines import engine
from analogeq.errors import InputError
from analogeq.flow.families import AnyCircuit, Settler, presented, programmed
from analogeq.network import Parameters
from analogeq.report import SettlingTrace, save_figure, save_settling_csv, settling_figure

LONGEST = 1e5
"""Time constants."""

POINTS_A_TIME_CONSTANT, MOST_POINTS = 20, 10_001


def write_waveform(
    circuit: AnyCircuit,
    parameters: Parameters,
    inputs: NDArray[np.floating],
    settler: Settler,
    *,
    duration: float,
    file: Path,
) -> tuple[Path, Path]:
    """Follow input signals, shape (1, input), from zero, and write every node's voltage against time.

    Parameters
    ----------
    duration : float
        In time constants.
    file : Path
        Ends in ``.csv``; the figure is written beside it.

    Returns
    -------
    tuple of Path
        CSV (times [s], voltages [V]) and figure.

    Raises
    ------
    InputError
        If the circuit has no time, or the duration or the file's name is impossible.
    """
    if not isinstance(circuit, Circuit):
        raise InputError("--waveform: a resistive circuit settles at once and has no waveform; leave it out")
    if not 0.0 < duration <= LONGEST:
        raise InputError(f"--duration {duration}: give a positive number of time constants, at most {LONGEST:g}")
    if file.suffix.lower() != ".csv":
        raise InputError(f"--waveform {file}: a waveform is written as CSV; end the name in .csv")
    tech = circuit.technology
    points = min(int(POINTS_A_TIME_CONSTANT * duration) + 2, MOST_POINTS)
    with engine(settler.name, workers=settler.workers, accuracy="tight").open(circuit) as session:
        session.program(programmed(circuit, parameters))
        wave = session.transient(presented(circuit, inputs), duration * tech.time_constant, points=points)
    trace = SettlingTrace(settler.name, "line", wave.times, wave.voltages[0])
    figure = settling_figure([trace], circuit.network.outputs, tech.time_constant, tech.rail)
    return (
        save_settling_csv([trace], circuit.network.node_names, file),
        save_figure(figure, file.with_suffix(".png")),
    )
