"""`analogeq sweep`, `merge` and `sensitivity`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analogeq.cli.options import INTERRUPTED, AsJson, DataDir, command_line, console, print_json
from analogeq.errors import AnalogeqError, CheckFailedError
from analogeq.flow.sweep.metrics import METRICS
from analogeq.flow.sweep.running import Shard, Sweeping, as_dict, merge, parse_shard, sweep
from analogeq.flow.sweep.sensitivity import Influence, sensitivity
from analogeq.flow.sweep.summary import Group, Summary

StudyFile = Annotated[Path, typer.Argument(help="A study: what is varied, drawn, measured and required, in TOML.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Folder of points, tables and figures.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="sweep", epilog="Example: analogeq sweep study.toml --output runs/levels --jobs 2")(sweep_command)
    app.command(name="merge", epilog="Example: analogeq merge study.toml node1/runs node2/runs --output runs/all")(
        merge_command
    )
    app.command(name="sensitivity", epilog="Example: analogeq sensitivity study.toml --jobs 2")(sensitivity_command)


Jobs = Annotated[int, typer.Option(min=1, help="Worker processes of this machine.")]
Scheduler = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler, tcp://HOST:8786, instead of local processes.")
]


def sweep_command(
    study: StudyFile,
    *,
    output: Output = None,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    shard: Annotated[str | None, typer.Option(help="Run every N-th point only, for array jobs: 3/200.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Train and measure a circuit over lists, ranges, corners and Monte Carlo draws of its hardware.

    Every point is on disk as soon as it is finished; the same command goes on where it was stopped, and results do not
    depend on the number of workers. A point that fails is counted and tried again next time. Exit code 5: a
    specification is not kept.
    """
    how = Sweeping(jobs, scheduler, Shard() if shard is None else parse_shard(shard), data_dir, command_line())
    folder = output or Path("runs") / study.stem
    with _told_how_to_go_on():
        summary = sweep(study, folder, how, Console(stderr=True))
    _tell(summary, folder, as_json=as_json)


def merge_command(
    study: StudyFile,
    folders: Annotated[list[Path], typer.Argument(help="Folders that shards of the study wrote.")],
    *,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Put the shards of a study together: points, tables and figures."""
    folder = output or Path("runs") / study.stem
    _tell(merge(study, folder, folders, command_line()), folder, as_json=as_json)


def sensitivity_command(
    study: StudyFile,
    *,
    output: Output = None,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Find which parameter moves a metric most: one at a time, and by Sobol's indices if the study asks for samples."""
    folder = output or Path("runs") / f"{study.stem}-sensitivity"
    with _told_how_to_go_on():
        found = sensitivity(study, folder, Sweeping(jobs, scheduler, data_dir=data_dir), Console(stderr=True))
    if as_json:
        print_json(asdict(found))
        return
    unit = METRICS[found.metric].unit
    table = Table("parameter", "range", f"{found.metric} at its ends [{unit}]", "first-order", "total", box=None)
    for one in found.influences:
        ends = f"{one.at_low:.4g} … {one.at_high:.4g}"
        table.add_row(one.key, f"{one.low} … {one.high}", ends, *map(_index, _pairs(one)))
    out = console()
    out.print(table)
    out.print(f"all in the middle: {found.middle:.4g} {unit}; wrote {folder}/: sensitivity.csv, .json and .png")


@contextmanager
def _told_how_to_go_on() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        Console(stderr=True).print(
            f"interrupted; every finished point is kept, go on with: {command_line()}", markup=False, soft_wrap=True
        )
        raise typer.Exit(INTERRUPTED) from None


def _pairs(one: Influence) -> tuple[tuple[float | None, float | None], ...]:
    return (one.first, one.first_uncertainty), (one.total, one.total_uncertainty)


def _index(pair: tuple[float | None, float | None]) -> str:
    value, uncertainty = pair
    return "–" if value is None or uncertainty is None else f"{value:.2f} ± {uncertainty:.2f}"


def _tell(summary: Summary, folder: Path, *, as_json: bool) -> None:
    out = console(quiet=as_json)
    if as_json:
        print_json(as_dict(summary))
    else:
        out.print(_table(summary))
    _tell_failures(summary, out)
    _tell_hopeless(summary, out)
    drawn = any(group.varied and group.spreads for group in summary.groups)
    figures = " and a figure a metric" if drawn else "; no figure"
    out.print(f"wrote {folder}/: points.csv, summary.csv, study.json{figures}", markup=False)
    if summary.failed and summary.failed == len(summary.points):
        raise AnalogeqError(f"sweep: all of the {summary.failed} points failed, for the reasons above")
    if not summary.kept and not summary.missing and any(group.verdicts for group in summary.groups):
        raise CheckFailedError("sweep: not every specification is kept; see the table's last columns")


def _tell_failures(summary: Summary, out: Console) -> None:
    for group in summary.groups:
        for reason in dict.fromkeys(group.failures):
            out.print(f"failed, {_place(group)}: {reason}", style="red", markup=False)
    if summary.missing:
        every = summary.missing + len(summary.points)
        out.print(f"missing: {summary.missing} of {every} points; run the other shards, or this command again")


def _tell_hopeless(summary: Summary, out: Console) -> None:
    """Say what is hopeless, each sentence once, with the points that it is true of."""
    places: dict[str, list[str]] = {}
    for group in summary.groups:
        for said in group.hopeless:
            places.setdefault(said, []).append(_place(group))
    for said, where in places.items():
        others = f" and {len(where) - MOST_PLACES} more" if len(where) > MOST_PLACES else ""
        out.print(f"hopeless, {'; '.join(where[:MOST_PLACES])}{others}: {said}", style="bold", markup=False)


MOST_PLACES = 3
"""Points that a sentence names."""


def _table(summary: Summary) -> Table:
    """One line a point, and one below it for each of its metrics, which fits any terminal."""
    table = Table("point and metric", "median", "lowest … highest", "unit", "kept", box=None, pad_edge=False)
    for group in summary.groups:
        table.add_row(escape(_place(group)), style="bold")
        for name, spread in group.spreads.items():
            verdict = {True: "yes", False: "NO", None: ""}[group.verdicts.get(name)]
            span = "" if spread.low == spread.high else f"{spread.low:.3g} … {spread.high:.3g}"
            table.add_row(f"  {name}", f"{spread.median:.4g}", span, METRICS[name].unit, verdict)
        if group.chips is not None:
            y = group.chips
            table.add_row("  yield", f"{y.passed}/{y.chips}", f"{100 * y.low:.0f} … {100 * y.high:.0f}", "% (95 %)", "")
    return table


def _place(group: Group) -> str:
    varied = ", ".join(f"{key.split('.')[-1]} {value}" for key, value in group.varied.items())
    return f"{group.corner}: {varied}" if varied else group.corner
