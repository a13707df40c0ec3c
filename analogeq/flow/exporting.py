"""A run's feedforward copy as a file, with where it came from."""

from __future__ import annotations

from pathlib import Path

from analogeq.circuit.netlist import netlist_hash, simulation_netlist
from analogeq.data import Dataset
from analogeq.export import CopyGap, CopyMetadata, export_copy
from analogeq.flow.runs import Run
from analogeq.flow.training import Evaluation, Settler, Trained, evaluate
from analogeq.training import TrainingConfig


def export_run(run: Run, path: Path) -> tuple[Path, CopyMetadata]:
    """Measure the gap between a run's copy and its circuit, then export the copy with it."""
    data = run.source.load()
    gap = evaluate(run, data, Settler("native"), run.config)
    metadata = describe_copy(run, data, run.config, gap, f"analogeq export {run.folder} {path}")
    return export_copy(run.copy, path, metadata), metadata


def describe_copy(
    run: Run | Trained, data: Dataset, config: TrainingConfig, gap: Evaluation, command: str
) -> CopyMetadata:
    """Gather what travels with an exported copy."""
    netlist = simulation_netlist(run.circuit, run.circuit.program(run.parameters))
    return CopyMetadata(
        layer_sizes=run.circuit.network.layer_sizes,
        dataset=data.name,
        input_scaling=data.scaling,
        seed=config.seed,
        command=command,
        gap=CopyGap(gap.gap, gap.copy_test_error, gap.settled_test_error),
        netlist_hash=netlist_hash(netlist),
    )
