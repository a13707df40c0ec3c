"""The figures' numbers as CSV, units in the heads of the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from analogeq.errors import InputError
from analogeq.files import write_text_atomically
from analogeq.report.series import DistanceCurve, LearningCurve, PhaseVoltages, SettlingTrace


def save_settling_csv(traces: Sequence[SettlingTrace], node_names: Sequence[str], path: Path) -> Path:
    """Write waveforms: trace, time [s], and a column of volts for each node."""
    for trace in traces:
        if trace.voltages.shape[1] != len(node_names):
            raise InputError(
                f"trace {trace.label}: {trace.voltages.shape[1]} nodes for {len(node_names)} names; pass a name each"
            )
    rows = ((t.label, time, *volts) for t in traces for time, volts in zip(t.times, t.voltages, strict=True))
    return _save(path, ("trace", "time_s", *(f"{name}_V" for name in node_names)), rows)


def save_learning_csv(curves: Sequence[LearningCurve], path: Path) -> Path:
    """Write learning curves: run, epoch, errors in percent, gap in signals; empty where not measured."""
    rows = (
        (c.label, int(epoch), own, settled, gap)
        for c in curves
        for epoch, own, settled, gap in zip(c.epochs, c.copy_test_error, c.settled_test_error, c.gap, strict=True)
    )
    return _save(path, ("run", "epoch", "copy_test_error_percent", "settled_test_error_percent", "gap"), rows)


def save_convergence_csv(curves: Sequence[DistanceCurve], path: Path) -> Path:
    """Write settling curves: method, start, time in time constants, distance as fractions of the rail."""
    rows = (
        (c.method, c.start, *values)
        for c in curves
        for values in zip(c.times, *c.quantiles((0.5, 0.1, 0.9)), strict=True)
    )
    return _save(path, ("method", "start", "time_tau", "median", "tenth", "ninetieth"), rows)


def save_agreement_csv(
    phases: Sequence[PhaseVoltages],
    node_names: Sequence[str],
    path: Path,
    *,
    names: tuple[str, str] = ("native", "ngspice"),
) -> Path:
    """Write two engines' voltages side by side: phase, sample, node, volts of each."""
    rows = (
        (p.phase, sample, name, p.first[sample, node], p.second[sample, node])
        for p in phases
        for sample in range(len(p.first))
        for node, name in enumerate(node_names)
    )
    return _save(path, ("phase", "sample", "node", *(f"{name}_V" for name in names)), rows)


def save_table_csv(rows: Sequence[Mapping[str, object]], path: Path) -> Path:
    """Write a table whose rows share their keys, in the first row's order."""
    if not rows:
        raise InputError(f"{path}: a table without rows; nothing to write")
    head = tuple(rows[0])
    return _save(path, head, ([row[name] for name in head] for row in rows))


def _save(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_text_atomically(path, stream.getvalue())
    return path


def _cell(value: object) -> object:
    """Write every digit of a number, and nothing for one that was not measured."""
    if value is None:
        return ""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value))
    return value
