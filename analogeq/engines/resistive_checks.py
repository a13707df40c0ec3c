"""Checks of what is handed to a session of the resistive family, of any engine."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Drive
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.errors import InputError


def check_drive(circuit: ResistiveCircuit, drive: Drive) -> None:
    """Raise `InputError` where what a drive does to the outputs does not fit the circuit."""
    net = circuit.network
    if drive.tether is not None:
        raise InputError("tether: circuits of the resistive family have none; leave it out")
    at_outputs = (drive.batch, net.n_outputs)
    if drive.nudge is not None:
        _check("nudge", drive.nudge.voltages, at_outputs, "(batch, output)")
        if not np.isfinite(drive.nudge.conductance).all():
            raise InputError(f"nudge: conductance {drive.nudge.conductance} S is not finite; give a number")
    if not isinstance(drive, ResistiveDrive):
        return
    for name, values in (("injected", drive.injected), ("held", drive.held)):
        if values is not None:
            _check(name, values, at_outputs, "(batch, output)")
    if drive.held is not None and (drive.nudge is not None or drive.injected is not None):
        raise InputError("held: an output held by a source cannot be nudged as well; give one of the two")


def check_inputs(circuit: ResistiveCircuit, drive: Drive) -> None:
    """Raise `InputError` where inputs do not fit the circuit."""
    _check("inputs", drive.inputs, (drive.batch, circuit.network.n_inputs), "(batch, input)")


def start_voltages(
    circuit: ResistiveCircuit, drive: Drive, start: NDArray[np.floating] | None, dtype: np.dtype[np.floating]
) -> NDArray[np.floating]:
    """Return where to begin, shape (batch, node); zeros if nothing is given."""
    shape = (drive.batch, circuit.network.n_nodes)
    if start is None:
        return np.zeros(shape, dtype=dtype)
    _check("start", start, shape, "(batch, node)")
    return start.astype(dtype, copy=False)


def no_time(name: str) -> NoReturn:
    """Refuse a duration."""
    raise InputError(
        f"{name}: circuits of the resistive family have no capacitors and settle at once; "
        "leave the duration out (free_time and nudged_time None)"
    )


def _check(name: str, values: NDArray[np.floating], shape: tuple[int, ...], axes: str) -> None:
    if values.shape != shape:
        raise InputError(f"{name}: shape {values.shape}; this drive and circuit need {shape} {axes}")
    if not np.isfinite(values).all():
        at = tuple(int(k) for k in np.argwhere(~np.isfinite(values))[0])
        raise InputError(f"{name}[{', '.join(map(str, at))}]: {values[at]} is not finite; give a number")
