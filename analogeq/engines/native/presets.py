"""Whether a drive fits the network it is applied to."""

from __future__ import annotations

from analogeq.circuit import Drive
from analogeq.errors import InputError
from analogeq.network import Network


def check_shapes(network: Network, drive: Drive) -> None:
    """Raise `InputError` naming the array whose shape does not fit."""
    if drive.inputs.ndim != 2:
        raise InputError(f"inputs: shape {drive.inputs.shape}; this network needs (batch, {network.n_inputs})")
    batch = drive.batch
    wanted = [("inputs", drive.inputs.shape, (batch, network.n_inputs))]
    if drive.tether is not None:
        wanted.append(("tether", drive.tether.voltages.shape, (batch, network.n_nodes)))
    if drive.nudge is not None:
        wanted.append(("nudge", drive.nudge.voltages.shape, (batch, network.n_outputs)))
    for name, shape, needed in wanted:
        if shape != needed:
            raise InputError(f"{name}: shape {shape}; this drive and network need {needed}, the batch first")
