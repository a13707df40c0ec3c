"""Phases whose nudge is infinitely weak: one settle and one solve of the linearised circuit."""

from __future__ import annotations

import numpy as np

from analogeq.circuit import Conductances, Drive, Tether
from analogeq.controller.controller import Controller, PhasePair, Signals
from analogeq.engines.small_signal import nudge_response
from analogeq.hardware import Technology
from analogeq.hardware.converter import quantise


def small_signal_pair(
    controller: Controller,
    conductances: Conductances,
    inputs: Signals,
    targets: Signals,
    prediction: Signals | None = None,
) -> PhasePair:
    r"""Run one minibatch through its free phase and linearise where it ends.

    The pair stands one response :math:`r = ds/d\beta` below and above the free state. The contrast
    of products is odd in r but for terms that cancel, so `contrastive_gradient` of this pair is the
    beta → 0 estimate to rounding; nothing else about training changes.

    Parameters
    ----------
    controller : Controller
        Programmed with ``conductances``; only the free phase of its schedule counts.
    conductances : Conductances
    inputs : ndarray, shape (batch, input)
        Signals.
    targets : ndarray, shape (batch, output)
    prediction : ndarray, shape (batch, node), optional
        As for `Controller.present`.

    Returns
    -------
    PhasePair
        ``span`` is 2; ``points`` holds the free phase.
    """
    circuit = controller.session.circuit
    controller.present(inputs, prediction)
    try:
        point = controller.free_phase()
    finally:
        controller.release()
    drive = presented(circuit.technology, inputs, prediction, controller.schedule.tether)
    rail = circuit.technology.rail
    response = nudge_response(circuit, conductances, drive, point.voltages, targets * rail).voltages / rail
    free = controller.read(point)
    return PhasePair(drive.inputs / rail, free, free - response, free + response, 2.0, (point,))


def presented(technology: Technology, inputs: Signals, prediction: Signals | None, tether: float) -> Drive:
    """What a controller applies for these signals: through the converters, tethered if there is a prediction."""
    held = None
    if prediction is not None and tether > 0.0:
        held = Tether(_converted(technology, prediction), tether * technology.unit_conductance)
    return Drive(_converted(technology, inputs), held)


def _converted(technology: Technology, signals: Signals) -> Signals:
    voltages: Signals = np.asarray(signals * technology.rail)
    bits = technology.dac_bits
    return voltages if bits is None else quantise(voltages, bits, 0.0, technology.rail)
