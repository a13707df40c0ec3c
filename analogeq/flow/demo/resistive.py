"""The ``resistive`` family's part of the demo: how it is built, trained, watched and compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import compile_circuit
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.data import Dataset
from analogeq.engines import engine
from analogeq.flow.agreement import Agreement, agree_resistive
from analogeq.flow.convergence import from_where
from analogeq.flow.demo.request import DemoRequest
from analogeq.flow.families import AnyCircuit, first_weights, programmed
from analogeq.flow.resistive_convergence import sweep_by_sweep
from analogeq.flow.training import Trained
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.network import layered_graph, network_from_graph
from analogeq.report import DistanceCurve, convergence_figure, save_convergence_csv, save_figure
from analogeq.training import ResistiveTrainingConfig

Floats = NDArray[np.floating]

SIZES = (64, 100, 10)

WATCHED = 30
"""Sweeps that are drawn."""


@dataclass(frozen=True)
class ResistiveDemo:
    """See `analogeq.flow.demo.story.Story`.

    Attributes
    ----------
    request : DemoRequest
    """

    request: DemoRequest
    unit: str = "V"

    def circuit(self) -> ResistiveCircuit:
        """128-100-10: doubled inputs, ideal diodes half of the hidden layer each way."""
        return compile_circuit(network_from_graph(layered_graph(SIZES)), ResistiveTechnology(input_gain=20.0))

    def config(self, engine_name: str) -> ResistiveTrainingConfig:
        """How a training runs: centred natively; in ngspice one side of random sign, to settle twice and not thrice."""
        native = ResistiveTrainingConfig(
            epochs=6 if self.request.quick else 25,
            batch_size=4,
            rates=(0.03, 0.1),
            beta=0.5,
            decay=0.95,
            seed=self.request.seed,
            evaluate_settled_every=5,
        )
        if engine_name == "native":
            return native
        return replace(
            native,
            epochs=2 if self.request.quick else 8,
            rates=(0.06, 0.06),
            decay=0.85,
            sides="random-sign",
            evaluate_settled_every=0,
        )

    def watch(self, circuit: AnyCircuit, data: Dataset) -> str:
        """Hold one digit's operating point in ngspice against the native one, and count sweeps toward it."""
        assert isinstance(circuit, ResistiveCircuit)  # noqa: S101  this story's own
        own, copy = first_weights(circuit, self.request.seed)
        held = programmed(circuit, own)
        inputs = data.x_test[:1].astype(np.float64)
        with engine("native").open(circuit) as native, engine("ngspice", workers=1).open(circuit) as reference:
            points = []
            for session in (native, reference):
                session.program(held)
                points.append(session.settle(ResistiveDrive(inputs)).voltages)
            paths = sweep_by_sweep(native, copy, data.x_test[:20].astype(np.float64), WATCHED)
        curves = [DistanceCurve(p.method, from_where(p), p.abscissa, p.distances, steps=True) for p in paths]
        title = "Sweeps in place of the circuit, 20 digits before training"
        unit = "fraction of the largest voltage"
        figure = convergence_figure(curves, title=title, time="sweeps", unit=unit)
        save_figure(figure, self.request.output / "settling.png")
        save_convergence_csv(curves, self.request.output / "sweeps.csv")
        apart, sweeps = float(np.abs(points[0] - points[1]).max()), paths[0].times_to(1e-6)[0]
        return f"one digit settled in ngspice and natively ({apart:.1e} V apart), {sweeps:.0f} sweeps to a millionth"

    def agree(self, trained: Trained, inputs: Floats, targets: Floats) -> dict[str, Agreement]:
        """Hold both engines' states against each other."""
        circuit = trained.circuit
        assert isinstance(circuit, ResistiveCircuit)  # noqa: S101  this story's own
        with (
            engine("native").open(circuit) as first,
            engine("ngspice", workers=self.request.workers).open(circuit) as second,
        ):
            return {"to rest": agree_resistive(first, second, trained, self.config("native"), inputs, targets)}
