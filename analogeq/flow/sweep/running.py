"""Run a study: all of it, or a shard; here, or on a cluster; and put shards together."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from analogeq.errors import InputError
from analogeq.files import write_text_atomically
from analogeq.flow.measurements import surroundings
from analogeq.flow.points import Finished, Point, run_points, stored
from analogeq.flow.sweep.axes import shown
from analogeq.flow.sweep.design import points
from analogeq.flow.sweep.metrics import METRICS
from analogeq.flow.sweep.study import Study, read_study
from analogeq.flow.sweep.summary import Group, Summary, summarise, table
from analogeq.flow.sweep.work import planned, work
from analogeq.report import save_figure, save_table_csv
from analogeq.report.sweep import MetricMap, MetricSeries, sweep_figure


@dataclass(frozen=True)
class Shard:
    """Every ``of``-th point, from ``number`` on, counted from 1."""

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise InputError(f"shard {self.number}/{self.of}: the first number lies between 1 and the second")

    def own(self, every: Sequence[Point]) -> list[Point]:
        """Points of this shard."""
        return list(every[self.number - 1 :: self.of])


def parse_shard(text: str) -> Shard:
    """Read "3/200"."""
    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    if found is None:
        raise InputError(f"--shard {text!r}: write the shard's number and how many there are, for example 3/200")
    return Shard(int(found.group(1)), int(found.group(2)))


@dataclass(frozen=True)
class Sweeping:
    """How a study is run.

    Attributes
    ----------
    jobs : int
        Worker processes of this machine.
    scheduler : str or None
        Address of a Dask scheduler, instead.
    shard : Shard
    data_dir : Path or None
    command : str
        What a user typed for it, kept with the study.
    """

    jobs: int = 1
    scheduler: str | None = None
    shard: Shard = Shard()
    data_dir: Path | None = None
    command: str = ""


def sweep(file: Path, folder: Path, how: Sweeping, console: Console | None = None) -> Summary:
    """Run what is missing of a study into ``folder`` and write what is known of it.

    Returns
    -------
    Summary
        Of every point that is there, other shards' included.
    """
    study = read_study(file)
    every = points(study, file.parent)
    check_plans(every)
    finished = run_points(
        how.shard.own(every),
        partial(work, data_dir=how.data_dir),
        folder / "points",
        jobs=how.jobs,
        scheduler=how.scheduler,
        console=console,
    )
    failed = [one for one in finished if one.failure]
    return _write(study, every, folder, failed, how.command)


def check_plans(every: Sequence[Point]) -> None:
    """Refuse a study of which no point can be trained, by its layers and options, before the first is run."""
    plans = {json.dumps([p.settings["training"], p.settings["layers"]], sort_keys=True): p for p in every}
    refused: InputError | None = None
    for point in plans.values():
        try:
            planned(point.settings)
        except InputError as error:
            refused = refused or InputError(f"{point.name}: {error}")
        else:
            return
    if refused is not None:
        raise refused


def merge(file: Path, folder: Path, others: Sequence[Path], command: str = "") -> Summary:
    """Copy finished points of other folders into ``folder`` and write what is known of the study."""
    study = read_study(file)
    every = points(study, file.parent)
    (folder / "points").mkdir(parents=True, exist_ok=True)
    for other in others:
        if not (other / "points").is_dir():
            raise InputError(f"{other}: holds no points of a study; give folders that analogeq sweep wrote")
        for point in every:
            source, target = point.file(other / "points"), point.file(folder / "points")
            if source.exists() and not target.exists():
                shutil.copyfile(source, target)
    return _write(study, every, folder, [], command)


def _write(study: Study, every: Sequence[Point], folder: Path, failed: Sequence[Finished], command: str) -> Summary:
    """Write points.csv, summary.csv, study.json and the figures of what is there."""
    there = {point.digest: found for point in every if (found := stored(point, folder / "points")) is not None}
    there |= {one.point.digest: one for one in failed}
    finished = [there[point.digest] for point in every if point.digest in there]
    summary = summarise(study, finished, len(every) - len(finished))
    save_table_csv([dict(row) for row in summary.points], folder / "points.csv")
    save_table_csv(table(summary), folder / "summary.csv")
    record = {
        "command": command,
        "study": study.model_dump(mode="json", by_alias=True),
        "surroundings": surroundings(),
        **as_dict(summary),
    }
    write_text_atomically(folder / "study.json", json.dumps(record, indent=2) + "\n")
    for metric in study.study.metrics:
        drawn = picture(study, summary, metric)
        if drawn is not None:
            save_figure(sweep_figure(drawn), folder / f"{metric}.png")
    return summary


def as_dict(summary: Summary) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "groups": [asdict(group) for group in summary.groups],
        "points": len(summary.points),
        "failed": summary.failed,
        "missing": summary.missing,
        "specifications_kept": summary.kept,
    }


def picture(study: Study, summary: Summary, metric: str) -> MetricSeries | MetricMap | None:
    """One axis: lines, a corner each; two or more: maps over the first two. None without numbers or axes to draw.

    There is a map for each corner and combination of the other axes' values.
    """
    axes = list(study.vary)
    groups = [group for group in summary.groups if metric in group.spreads]
    if not axes or not groups:
        return None
    spec = study.specs.get(metric)
    limit = None if spec is None else spec.max if spec.max is not None else spec.min
    label = f"{METRICS[metric].about} [{METRICS[metric].unit}]"
    if len(axes) == 1:
        return _series(axes[0], groups, metric, label, limit)
    x, y, *others = axes
    xs, ys = (list(dict.fromkeys(_hashable(g.varied[key]) for g in summary.groups)) for key in (x, y))
    medians: dict[str, dict[tuple[Any, Any], float]] = {}
    for g in summary.groups:
        cells = medians.setdefault(_panel(study, g, others), {})
        if metric in g.spreads:
            cells[_hashable(g.varied[x]), _hashable(g.varied[y])] = g.spreads[metric].median
    panels = {title: [[found.get((a, b)) for a in xs] for b in ys] for title, found in medians.items()}
    return MetricMap(label, x, y, _named(xs), _named(ys), panels, limit)


def _panel(study: Study, group: Group, others: Sequence[str]) -> str:
    """Title of the map that a group belongs to: its corner, where there are several, and the other axes' values."""
    corner = [group.corner] if len(study.corners) > 1 else []
    values = _named([_hashable(group.varied[key]) for key in others])
    return ", ".join([*corner, *(f"{key.split('.')[-1]} {value}" for key, value in zip(others, values, strict=True))])


def _series(axis: str, groups: Sequence[Group], metric: str, label: str, limit: float | None) -> MetricSeries:
    corners = list(dict.fromkeys(group.corner for group in groups))
    ticks = list(dict.fromkeys(_hashable(group.varied[axis]) for group in groups))
    lines = {
        corner: [
            (
                ticks.index(_hashable(g.varied[axis])),
                g.spreads[metric].median,
                g.spreads[metric].low,
                g.spreads[metric].high,
            )
            for g in groups
            if g.corner == corner
        ]
        for corner in corners
    }
    return MetricSeries(label, axis, _named(ticks), shown(ticks), lines, limit)


def _hashable(value: Any) -> Any:
    return "-".join(map(str, value)) if isinstance(value, list) else value


def _named(values: Sequence[Any]) -> list[str]:
    return [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
