"""Many runs of one kind: in parallel, each on disk as soon as it is finished, none computed twice.

A point is a name and the settings of one run. Its result stands in a file of its own, so a study that
was killed goes on with what is missing, and how many workers there are changes nothing but the time.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from analogeq.errors import InputError
from analogeq.files import write_text_atomically
from analogeq.flow.measurements import surroundings

Settings = Mapping[str, Any]
Result = dict[str, Any]
Work = Callable[[Settings, Path], Result]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._=+-]{0,80}")


@dataclass(frozen=True)
class Point:
    """One run.

    Attributes
    ----------
    name : str
        Part of its file's name: letters, digits, blanks and ``._=+-``.
    settings : mapping
        All that decides the result, in JSON's types; seeds included.
    """

    name: str
    settings: Settings

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(f"point {self.name!r}: use letters, digits, blanks and ._=+- in its name, 80 at most")

    @property
    def digest(self) -> str:
        """Tells settings apart."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()[:12]

    def file(self, folder: Path) -> Path:
        """Where its result stands."""
        return folder / f"{self.name.replace(' ', '_')}-{self.digest}.json"


@dataclass(frozen=True)
class Finished:
    """What became of a point.

    Attributes
    ----------
    point : Point
    result : dict or None
        None where it failed.
    failure : str
        Why; empty where it did not.
    seconds : float
        By the clock.
    processor_seconds : float
    """

    point: Point
    result: Result | None
    failure: str
    seconds: float
    processor_seconds: float


def run_points(
    points: Sequence[Point],
    work: Work,
    folder: Path,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    console: Console | None = None,
) -> list[Finished]:
    """Run every point that has no result yet and return all of them, in the order given.

    Parameters
    ----------
    points : sequence of Point
    work : callable
        Takes a point's settings and a folder of its own for checkpoints, and returns what JSON can hold;
        a function of a module, since it is sent to worker processes.
    folder : Path
        Where results are kept.
    jobs : int
        Worker processes of this machine.
    scheduler : str, optional
        Address of a Dask scheduler whose workers run the points instead (extra ``cluster``).
    console : Console, optional
        Where progress is shown.

    Returns
    -------
    list of Finished
        Points that failed are among them: a failure is counted, not dropped, and tried again next time.
    """
    if len({point.file(folder) for point in points}) < len(points):
        raise InputError("points: two have the same name and settings; give each its own")
    folder.mkdir(parents=True, exist_ok=True)
    missing = [point for point in points if stored(point, folder) is None]
    with Progress(
        TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), console=console, disable=console is None,
    ) as bar:  # fmt: skip
        task = bar.add_task(folder.name, total=len(points), completed=len(points) - len(missing))
        fresh: dict[str, Finished] = {}
        for done in _on_cluster(scheduler, missing, work, folder) if scheduler else _here(jobs, missing, work, folder):
            _store(done, folder)
            fresh[str(done.point.file(folder))] = done
            bar.advance(task)
    return [stored(point, folder) or fresh[str(point.file(folder))] for point in points]


def failures(finished: Sequence[Finished]) -> str:
    """Say which points failed and why; empty if none did."""
    lines = [f"{one.point.name}: {one.failure}" for one in finished if one.failure]
    return "" if not lines else f"{len(lines)} of {len(finished)} points failed:\n  " + "\n  ".join(lines)


def _here(jobs: int, points: Sequence[Point], work: Work, folder: Path) -> Iterator[Finished]:
    """Finished points of worker processes, as they come; what was finished is on disk even if this process dies."""
    pool = Parallel(n_jobs=jobs, return_as="generator_unordered")
    yield from pool(delayed(_run)(point, work, folder) for point in points)


def _on_cluster(scheduler: str, points: Sequence[Point], work: Work, folder: Path) -> Iterator[Finished]:
    """Finished points of a cluster's workers, as they come, each run once."""
    try:
        from distributed import Client, as_completed
    except ModuleNotFoundError:
        raise InputError("--scheduler: needs Dask; install analogeq[cluster]") from None
    try:
        cluster = Client(scheduler)
    except (OSError, ValueError) as error:
        raise InputError(
            f"--scheduler {scheduler}: cannot be reached ({error}); give its address, tcp://HOST:8786 say"
        ) from error
    with cluster as client:
        futures = [client.submit(_run, point, work, folder, pure=False) for point in points]
        for future in as_completed(futures):
            yield future.result()


def _run(point: Point, work: Work, folder: Path) -> Finished:
    wall, processor = time.perf_counter(), time.process_time()
    result: Result | None = None
    failure = ""
    try:
        result = work(point.settings, folder / "work" / f"{point.name.replace(' ', '_')}-{point.digest}")
    except Exception as error:  # whatever breaks one point must not cost the others; it is counted and told
        failure = f"{type(error).__name__}: {error}"
    done = Finished(point, result, failure, time.perf_counter() - wall, time.process_time() - processor)
    _store(done, folder)
    return done


def _store(done: Finished, folder: Path) -> None:
    """Keep a result; not what failed, which is tried again, nor what is there, as it is where a folder is shared."""
    if done.result is None or stored(done.point, folder) is not None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "name": done.point.name,
        "settings": dict(done.point.settings),
        "result": done.result,
        "seconds": done.seconds,
        "processor_seconds": done.processor_seconds,
        "surroundings": surroundings(),
    }
    write_text_atomically(done.point.file(folder), json.dumps(content, indent=1) + "\n")


def stored(point: Point, folder: Path) -> Finished | None:
    """Read a result; what is damaged or of other settings counts as missing."""
    try:
        content = json.loads(point.file(folder).read_text(encoding="utf-8"))
        if content["settings"] != json.loads(json.dumps(dict(point.settings))):
            return None
        return Finished(point, content["result"], "", content["seconds"], content["processor_seconds"])
    except (OSError, ValueError, KeyError):
        return None
