"""Checks of what is handed to a session, before anything is simulated."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Drive
from analogeq.errors import InputError

Doubles = NDArray[np.float64]


def check_drive(circuit: Circuit, drive: Drive) -> None:
    """Raise `InputError` where a drive's arrays or conductances do not fit the circuit."""
    net = circuit.network
    if drive.batch < 1:
        raise InputError("drive: it holds no samples; give inputs of shape (batch, input)")
    _check("inputs", drive.inputs, (drive.batch, net.n_inputs), "(batch, input)")
    for name, part, size, axes in (
        ("tether", drive.tether, net.n_nodes, "(batch, node)"),
        ("nudge", drive.nudge, net.n_outputs, "(batch, output)"),
    ):
        if part is not None:
            _check(name, part.voltages, (drive.batch, size), axes)
            if not np.isfinite(part.conductance).all():
                raise InputError(f"{name}: conductance {part.conductance} S is not finite; give a number")


def start_voltages(circuit: Circuit, drive: Drive, start: NDArray[np.floating] | None) -> Doubles:
    """Return the presets as float64 of shape (batch, node); zeros if none are given."""
    shape = (drive.batch, circuit.network.n_nodes)
    if start is None:
        return np.zeros(shape)
    _check("start", start, shape, "(batch, node)")
    return np.asarray(start, dtype=np.float64)


def check_span(name: str, seconds: float) -> None:
    """Raise `InputError` unless ``seconds`` is a positive time."""
    if not (math.isfinite(seconds) and seconds > 0.0):
        raise InputError(f"{name}: {seconds} s is not a time the circuit can run for; give a positive number")


def _check(name: str, values: NDArray[np.floating], shape: tuple[int, ...], axes: str) -> None:
    if values.shape != shape:
        raise InputError(f"{name}: shape {values.shape}; this drive and circuit need {shape} {axes}")
    if not np.isfinite(values).all():
        at = tuple(int(k) for k in np.argwhere(~np.isfinite(values))[0])
        raise InputError(f"{name}[{', '.join(map(str, at))}]: {values[at]} is not finite; give a voltage")
