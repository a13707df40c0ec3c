"""A measured curve in a technology file: a CSV file below the file's own folder, or the points themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PureWindowsPath

from analogeq.errors import TechnologyError
from analogeq.hardware.keys import Flag, Numbers
from analogeq.hardware.resistive import MeasuredCurve, read_curve

REMEDY = "put the file beside the technology, or below it, and give its path from there"


def make_curve(values: Mapping[str, object], folder: Path | None) -> MeasuredCurve:
    """Make the curve of a ``[device]`` table that names a file, or holds ``volts`` and ``amperes``."""
    half = bool(values.get("half", False))
    given = set(values) - {"half"}
    if given == {"file"}:
        return read_curve(inside(str(values["file"]), folder), half=half)
    if given != {"volts", "amperes"}:
        said = f"has {' and '.join(sorted(given))}" if given else "has no points"
        raise TechnologyError(f"curve: {said}; give file, or volts and amperes, two lists of one length")
    for name in ("volts", "amperes"):
        if not isinstance(values[name], tuple):
            raise TechnologyError(f"{name}: {values[name]!r} is no list; give one number for each point, in brackets")
    return MeasuredCurve(values["volts"], values["amperes"], half)  # type: ignore[arg-type]  # checked just above


def curve_lines(curve: MeasuredCurve) -> list[str]:
    """Write a curve's points."""
    points = {"volts": curve.volts, "amperes": curve.amperes}
    lines = [f"{name} = {Numbers().write(tuple(values.tolist()))}" for name, values in points.items()]
    return [*lines, f"half = {Flag().write(curve.half)}"]


def inside(name: str, folder: Path | None) -> Path:
    """Resolve the path of a file that a technology names, and refuse one outside the technology's folder."""
    what = f"file: {name[:120]!r}"
    if folder is None:
        raise TechnologyError(
            f"{what} is looked for beside the technology's file, and there is none; load the technology from a file, "
            "or give volts and amperes"
        )
    if "\\" in name or "\0" in name or PureWindowsPath(name).drive or Path(name).is_absolute():
        raise TechnologyError(f"{what} is no path below the technology's folder, with / between its parts; {REMEDY}")
    if ".." in Path(name).parts:
        raise TechnologyError(f"{what} goes up with '..', out of the technology's folder; {REMEDY}")
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        found = path.is_file()
    except (OSError, RuntimeError) as error:  # a name too long, links in a circle
        raise TechnologyError(f"{what} cannot be read ({error}); {REMEDY}") from error
    if not path.is_relative_to(root):
        raise TechnologyError(f"{what} is a link to outside the technology's folder; {REMEDY}")
    if not found:
        raise TechnologyError(f"{what} is no file in {root}; {REMEDY}")
    return path
