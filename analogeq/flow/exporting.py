"""A run's feedforward copy as a file, with where it came from."""

from __future__ import annotations

from pathlib import Path

from analogeq.circuit.netlist import netlist_hash
from analogeq.data import Dataset
from analogeq.digital import HARD_SIGMOID
from analogeq.export import CopyGap, CopyMetadata, export_copy
from analogeq.export.metadata import ACTIVATION
from analogeq.flow.families import AnyConfig, Settler, simulation_netlist
from analogeq.flow.runs import Run
from analogeq.flow.training import Evaluation, Trained, evaluate

OWN_ACTIVATION = "clip(x, lower, upper) + leak x, each neuron with its own"


def export_run(run: Run, path: Path) -> tuple[Path, CopyMetadata]:
    """Measure the gap between a run's copy and its circuit, then export the copy with it."""
    data = run.source.load()
    gap = evaluate(run, data, Settler("native"), run.config)
    metadata = describe_copy(run, data, run.config, gap, f"analogeq export {run.folder} {path}")
    return export_copy(run.copy, path, metadata), metadata


def describe_copy(run: Run | Trained, data: Dataset, config: AnyConfig, gap: Evaluation, command: str) -> CopyMetadata:
    """Gather what travels with an exported copy."""
    return CopyMetadata(
        layer_sizes=run.circuit.network.layer_sizes,
        dataset=data.name,
        input_scaling=data.scaling,
        seed=config.seed,
        command=command,
        gap=CopyGap(gap.gap, gap.copy_test_error, gap.settled_test_error),
        netlist_hash=netlist_hash(simulation_netlist(run.circuit, run.parameters)),
        activation=ACTIVATION if run.copy.activation is HARD_SIGMOID else OWN_ACTIVATION,
    )
