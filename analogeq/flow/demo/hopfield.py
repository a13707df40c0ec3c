"""The ``hopfield`` family's part of the demo: how it is built, trained, watched and compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Drive, Tether, compile_circuit
from analogeq.controller import Schedule
from analogeq.data import Dataset
from analogeq.digital import EulerRelaxation, Forces
from analogeq.engines import Waveform, engine
from analogeq.flow.agreement import Agreement, agree
from analogeq.flow.demo.request import DemoRequest
from analogeq.flow.families import AnyCircuit, first_weights
from analogeq.flow.training import Trained
from analogeq.hardware import Technology
from analogeq.network import layered_graph, network_from_graph
from analogeq.report import SettlingTrace, save_figure, save_settling_csv, settling_figure
from analogeq.training import TrainingConfig

Floats = NDArray[np.floating]

SIZES = (64, 100, 10)

WATCHED = 10.0
"""Time constants of the waveform that is drawn: the 20 Euler steps of 0.5 of the papers."""


@dataclass(frozen=True)
class HopfieldDemo:
    """See `analogeq.flow.demo.story.Story`.

    Attributes
    ----------
    request : DemoRequest
    """

    request: DemoRequest
    unit: str = "fraction of rail"

    def circuit(self) -> Circuit:
        """64-100-10 in the default technology."""
        return compile_circuit(network_from_graph(layered_graph(SIZES)), Technology())

    def config(self, engine_name: str) -> TrainingConfig:
        """How a training runs: the papers' 20 + 4 steps of 0.5 are 10 + 2 time constants."""
        native = TrainingConfig(
            epochs=15 if self.request.quick else 40,
            batch_size=10,
            rates=(0.2, 0.1),
            copy_rates=(0.3, 0.3),
            copy_optimizer="affine-projection",
            schedule=Schedule(beta=0.5, nudging="random-sign", tether=0.1, free_time=10.0, nudged_time=2.0),
            seed=self.request.seed,
            evaluate_settled_every=5,
        )
        if engine_name == "native":
            return native
        if self.request.quick:
            # 600 samples: at higher rates the circuit itself is uneven, and a copy by squared losses is not there yet.
            return replace(native, epochs=2, copy_rates=(0.6, 0.6), copy_loss="matching", evaluate_settled_every=0)
        # In ngspice fewer epochs at higher rates.
        return replace(native, epochs=7, rates=(0.4, 0.2), evaluate_settled_every=0)

    def watch(self, circuit: AnyCircuit, data: Dataset) -> str:
        """Follow one digit in ngspice, natively and in Euler steps; write waveforms and figure."""
        assert isinstance(circuit, Circuit)  # noqa: S101  this story's own
        own, copy = first_weights(circuit, self.request.seed)
        inputs = data.x_test[:1]
        tether = self.config("native").schedule.tether
        tech = circuit.technology
        prediction = copy.predict(inputs)
        preset = np.clip(prediction, 0.0, 1.0)
        drive = Drive(inputs * tech.rail, Tether(prediction * tech.rail, tether * tech.unit_conductance))
        waves: dict[str, Waveform] = {}
        for name in ("ngspice", "native"):
            with engine(name, workers=1, accuracy="tight").open(circuit) as session:
                session.program(circuit.program(own))
                waves[name] = session.transient(drive, WATCHED * tech.time_constant, preset * tech.rail, points=201)
        steps = round(WATCHED / 0.5)
        forces = Forces(inputs, prediction, tether)
        path = EulerRelaxation(circuit.network, own, 0.5).trajectory(forces, preset, steps)
        times = 0.5 * tech.time_constant * np.arange(steps + 1)
        self._draw(circuit, waves, SettlingTrace("Euler steps, ε = 0.5", "dot", times, path[0] * tech.rail))
        apart = float(np.abs(waves["native"].voltages - waves["ngspice"].voltages).max())
        return f"one digit settled in ngspice, natively ({apart:.1e} V apart) and in {steps} Euler steps"

    def _draw(self, circuit: Circuit, waves: dict[str, Waveform], steps: SettlingTrace) -> None:
        tech = circuit.technology
        traces = [
            SettlingTrace("ngspice", "line", waves["ngspice"].times, waves["ngspice"].voltages[0]),
            SettlingTrace("native", "ring", waves["native"].times, waves["native"].voltages[0]),
            steps,
        ]
        title = "One digit settles, before training"
        figure = settling_figure(traces, circuit.network.outputs, tech.time_constant, tech.rail, title=title)
        save_figure(figure, self.request.output / "settling.png")
        save_settling_csv(traces, circuit.network.node_names, self.request.output / "waveforms.csv")

    def agree(self, trained: Trained, inputs: Floats, targets: Floats) -> dict[str, Agreement]:
        """Hold both engines' phases against each other, as long as in training and to rest."""
        circuit = trained.circuit
        assert isinstance(circuit, Circuit)  # noqa: S101  this story's own
        in_training = self.config("native").schedule
        to_rest = replace(in_training, free_time=None, nudged_time=None)
        with (
            engine("native", accuracy="tight").open(circuit) as first,
            engine("ngspice", workers=self.request.workers, accuracy="tight").open(circuit) as second,
        ):
            return {
                "in training": agree(first, second, trained, in_training, inputs, targets),
                "to rest": agree(first, second, trained, to_rest, inputs, targets),
            }
