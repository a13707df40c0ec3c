"""What is applied to a resistive circuit beside its inputs and a conducting nudge."""

from __future__ import annotations

from dataclasses import dataclass

from analogeq.circuit.drive import Drive, Volts


@dataclass(frozen=True, eq=False)
class ResistiveDrive(Drive):
    """Inputs in signals, and what is done to the outputs.

    Attributes
    ----------
    inputs : ndarray, shape (batch, input)
        Signals, dimensionless: the technology's gain makes volts of them.
    nudge : Nudge or None
        A conductance from every output to its target.
    injected : ndarray, shape (batch, output), optional
        Constant currents into the outputs [A].
    held : ndarray, shape (batch, output), optional
        Voltages that ideal sources hold the outputs at [V]; not together with the others.
    """

    injected: Volts | None = None
    held: Volts | None = None
