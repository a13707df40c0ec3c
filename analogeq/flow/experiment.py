"""What every experiment is: sizes, points, what to do at each, and what its numbers and figure are.

A script under ``sim/`` fills in an `Experiment` and hands it to `main`. Points run in parallel and each is kept
when it is finished, so a run that was stopped goes on with what is missing; a point that failed is counted.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import Field, asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from rich.console import Console
from rich.table import Table

from analogeq.flow.measurements import Row, save_rows
from analogeq.flow.points import Finished, Point, Result, Settings, failures, run_points
from analogeq.report import Figure, save_figure

RESULTS = Path("sim") / "results"
"""Where a full run's record goes, seen from the project's folder."""


class Seeded(Protocol):
    """A frozen dataclass that says which seeds an experiment runs with."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def seeds(self) -> tuple[int, ...]:
        """One run, or one set of runs, for each."""
        ...


C = TypeVar("C", bound=Seeded)


@dataclass(frozen=True)
class Experiment(Generic[C]):
    """An experiment of several points.

    Attributes
    ----------
    name : str
        Of its files: ``NAME.json``, ``.csv`` and ``.png``, and of the folder of its finished points.
    description : str
        Shown by ``--help``.
    smoke, default, full : Config
        Seconds on bundled data, minutes, and the size that is recorded.
    points : callable
        Config and folder of MNIST's files (or None) to points; a point that reads data has its folder
        under ``data_dir`` in its settings.
    work : callable
        As `run_points` takes it: a function of a module.
    rows : callable
        Finished points and the command to rows.
    figure : callable
        Finished points to their picture.
    """

    name: str
    description: str
    smoke: C
    default: C
    full: C
    points: Callable[[C, Path | None], list[Point]]
    work: Callable[[Settings, Path], Result]
    rows: Callable[[Sequence[Finished], str], list[Row]]
    figure: Callable[[Sequence[Finished]], Figure]

    def config(self, size: str, seeds: Sequence[int] | None = None) -> C:
        """Config of a size, with other seeds where they are given."""
        chosen = {"smoke": self.smoke, "default": self.default, "full": self.full}[size]
        return chosen if seeds is None else replace(chosen, seeds=tuple(seeds))


def main(experiment: Experiment[C], arguments: Sequence[str] | None = None) -> int:
    """Run what is missing, write JSON, CSV and figure, print the rows.

    Returns
    -------
    int
        0 if no point failed and every target is met, else 1.
    """
    options = _parser(experiment).parse_args(arguments)
    size = "smoke" if options.smoke else "full" if options.full else "default"
    config = experiment.config(size, options.seeds)
    console = Console(stderr=True)
    folder = options.runs / experiment.name
    finished = run_points(
        experiment.points(config, options.data_dir), experiment.work, folder, jobs=options.jobs, console=console
    )
    command = _command(experiment.name, size, options.seeds)
    rows = experiment.rows(finished, command)
    results = options.results or (RESULTS if size == "full" else folder)
    path = results / f"{experiment.name}.json"
    save_rows(path, rows, record(config, size, command, finished))
    if any(one.result is not None for one in finished):
        save_figure(experiment.figure(finished), path.with_suffix(".png"))
    console.print(_table(rows))
    console.print(f"  written: {path.stem}.json, .csv and .png in {results}")
    if failures(finished):
        console.print(failures(finished), style="red")
    return 0 if all(row.met is not False for row in rows) and not failures(finished) else 1


def record(config: Seeded, size: str, command: str, finished: Sequence[Finished]) -> dict[str, object]:
    """All that belongs to a run besides its rows; folders of this machine are left out."""
    return {
        "command": command,
        "size": size,
        "seeds": list(config.seeds),
        "config": asdict(config),
        "points": [
            {
                "name": one.point.name,
                "settings": {key: value for key, value in one.point.settings.items() if key != "data_dir"},
                "result": one.result,
                "failure": one.failure,
                "seconds": one.seconds,
                "processor_seconds": one.processor_seconds,
            }
            for one in finished
        ],
    }


def _parser(experiment: Experiment[C]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=experiment.description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--smoke", action="store_true", help="bundled data and small sizes: seconds")
    size.add_argument("--full", action="store_true", help="the recorded size")
    parser.add_argument("--data-dir", type=Path, help="folder of MNIST's four IDX files")
    parser.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="instead of the config's")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes (default: 1)")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where finished points are kept")
    parser.add_argument("--results", type=Path, help="default: sim/results with --full, else the folder of the points")
    return parser


def _command(name: str, size: str, seeds: Sequence[int] | None) -> str:
    words = ["python", f"sim/{name}.py"]
    words += [] if size == "default" else [f"--{size}"]
    words += [] if seeds is None else ["--seeds", *map(str, seeds)]
    return " ".join(words)


def _table(rows: Sequence[Row]) -> Table:
    table = Table("case", "value", "unit", "target", "met", box=None, pad_edge=False)
    for row in rows:
        met = "" if row.met is None else "yes" if row.met else "NO"
        table.add_row(row.case, f"{row.value:.4g}", row.unit, row.target, met)
    return table
