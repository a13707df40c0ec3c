"""The `compare` command: table, CSV and figure of analog against digital settling."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.digital import FeedforwardCopy
from analogeq.engines import engine
from analogeq.errors import InputError
from analogeq.flow.convergence import Comparison, Settling, SettlingRow, compare, from_where, table
from analogeq.flow.families import AnyCircuit, first_weights, programmed
from analogeq.flow.resistive_convergence import sweep_by_sweep
from analogeq.flow.runs import Run
from analogeq.network import Parameters
from analogeq.report import DistanceCurve, convergence_figure, save_convergence_csv, save_figure, save_table_csv
from analogeq.training import TrainingConfig

DEFAULT_TETHER = 0.1


MOST_SAMPLES = 10_000
LONGEST_HORIZON = 1e5
"""Time constants: two million points of every waveform."""


@dataclass(frozen=True)
class CompareRequest:
    """What to compare and where to write it.

    Attributes
    ----------
    output : Path
        Folder of the results.
    samples : int
        How many samples are settled every way.
    engines : tuple of str
        The first is the reference for fixed points.
    horizon : float
        How long settling is watched, in time constants.
    seed : int
        Of random weights and inputs.
    """

    output: Path
    samples: int
    engines: tuple[str, ...]
    horizon: float
    seed: int

    def __post_init__(self) -> None:
        if not 1 <= self.samples <= MOST_SAMPLES:
            raise InputError(f"--samples {self.samples}: give 1 to {MOST_SAMPLES:,}; each is settled in every way")
        if not 0.0 < self.horizon <= LONGEST_HORIZON:
            raise InputError(
                f"--horizon {self.horizon}: give a positive number of time constants, at most {LONGEST_HORIZON:g}"
            )


@dataclass(frozen=True, eq=False)
class Compared:
    """Rows of the table and the files written."""

    rows: tuple[SettlingRow, ...]
    files: tuple[Path, ...]


def compare_run(
    request: CompareRequest,
    *,
    run: Run | None = None,
    circuit: AnyCircuit | None = None,
    parameters: Parameters | None = None,
) -> Compared:
    """Compare on a trained run's test samples, or on random inputs for a circuit; its weights random unless given."""
    if run is not None:
        inputs = run.source.load().x_test[: request.samples].astype(np.float64)
        if isinstance(run.circuit, ResistiveCircuit):
            return _write_sweeps(request, run.circuit, run.parameters, run.copy, inputs)
        tether = run.config.schedule.tether if isinstance(run.config, TrainingConfig) else DEFAULT_TETHER
        return _write(request, run.circuit, run.parameters, run.copy, tether, inputs)
    if circuit is None:
        raise InputError("compare: give a run's folder, or a network (--layers or --graph)")
    own, copy = first_weights(circuit, request.seed)
    own = own if parameters is None else parameters
    inputs = np.random.default_rng(request.seed).random((request.samples, circuit.network.n_inputs))
    if isinstance(circuit, ResistiveCircuit):
        return _write_sweeps(request, circuit, own, copy, inputs)
    return _write(request, circuit, own, copy, DEFAULT_TETHER, inputs)


def _write(
    request: CompareRequest,
    circuit: Circuit,
    parameters: Parameters,
    copy: FeedforwardCopy,
    tether: float,
    inputs: NDArray[np.float64],
) -> Compared:
    points = max(int(20 * request.horizon) + 1, 2)
    comparison = Comparison(circuit, parameters, copy, inputs, request.horizon, points)
    settlings = settle_every_way(comparison, request.engines, tether)
    rows = table(settlings)
    curves = [
        DistanceCurve(
            s.method,
            from_where(s),
            s.abscissa * s.unit_in_time_constants,
            s.distances,
            steps=s.unit == "steps",
        )
        for s in settlings
    ]
    files = (
        save_table_csv([asdict(row) for row in rows], request.output / "compare.csv"),
        save_convergence_csv(curves, request.output / "distances.csv"),
        save_figure(convergence_figure(curves), request.output / "compare.png"),
    )
    return Compared(rows, files)


def _write_sweeps(
    request: CompareRequest,
    circuit: ResistiveCircuit,
    parameters: Parameters,
    copy: FeedforwardCopy,
    inputs: NDArray[np.float64],
) -> Compared:
    """Count sweeps: a resistive circuit has no time of its own."""
    with engine("native").open(circuit) as session:
        session.program(programmed(circuit, parameters))
        settlings = sweep_by_sweep(session, copy, inputs, max(1, round(request.horizon)))
    curves = [DistanceCurve(s.method, from_where(s), s.abscissa, s.distances, steps=True) for s in settlings]
    figure = convergence_figure(
        curves, title="Sweeps in place of the circuit", time="sweeps", unit="fraction of the largest voltage"
    )
    files = (
        save_table_csv([asdict(row) for row in table(settlings)], request.output / "compare.csv"),
        save_convergence_csv(curves, request.output / "distances.csv"),
        save_figure(figure, request.output / "compare.png"),
    )
    return Compared(table(settlings), files)


def settle_every_way(comparison: Comparison, engines: tuple[str, ...], tether: float) -> tuple[Settling, ...]:
    """Open the engines, program them, and run the comparison."""
    with ExitStack() as stack:
        sessions = {}
        for name in engines:
            session = stack.enter_context(engine(name, accuracy="tight").open(comparison.circuit))
            session.program(comparison.circuit.program(comparison.parameters))
            sessions[name] = session
        return compare(comparison, sessions, tether)
