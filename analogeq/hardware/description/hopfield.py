"""The first family's tables, between TOML and `Technology`."""

from __future__ import annotations

from collections.abc import Mapping

from analogeq.errors import TechnologyError
from analogeq.hardware.clamp import Clamp, DiodeClamp, IdealClamp
from analogeq.hardware.description.sections import placed, read_keys, read_section, section_lines
from analogeq.hardware.description.vocabulary import HOPFIELD, refuse_unknown_kind
from analogeq.hardware.diodes import REAL_DIODES, real_diode
from analogeq.hardware.keys import Text
from analogeq.hardware.technology import Technology


def read(tables: Mapping[str, Mapping[str, object]]) -> Technology:
    """Make the technology that the tables describe."""
    values: dict[str, object] = {}
    for table, held in tables.items():
        values |= {"clamp": _read_clamp(held)} if table == "clamp" else read_section(table, held, HOPFIELD)
    try:
        return Technology(**values)  # type: ignore[arg-type]  # the table of keys decides the types, Technology checks
    except TechnologyError as error:
        raise TechnologyError(placed(str(error), HOPFIELD)) from error


def parts(technology: Technology) -> dict[str, list[str]]:
    """Lines of every table."""
    written = {table: section_lines(table, vars(technology), HOPFIELD) for table in HOPFIELD.sections}
    return {**written, "clamp": _clamp_lines(technology.clamp)}


def _read_clamp(held: Mapping[str, object]) -> Clamp:
    kind = Text().read(held.get("kind", "ideal"), "[clamp] kind")
    others = {key: value for key, value in held.items() if key != "kind"}
    if kind.lower() in REAL_DIODES:
        if others:
            raise TechnologyError(
                f"[clamp] {next(iter(others))}: the part {kind} brings its own values; leave the key out, or set kind "
                'to "diode"'
            )
        return real_diode(kind)
    refuse_unknown_kind(kind, "clamp", HOPFIELD)
    values = read_keys("clamp", others, HOPFIELD.kinds["clamp"][kind], HOPFIELD)
    made: type[IdealClamp | DiodeClamp] = IdealClamp if kind == "ideal" else DiodeClamp
    try:
        return made(**values)  # type: ignore[arg-type]  # the table of keys decides the types, the clamp checks
    except TechnologyError as error:
        raise TechnologyError(f"[clamp] {error}") from error


def _clamp_lines(clamp: Clamp) -> list[str]:
    if isinstance(clamp, DiodeClamp) and clamp.name in REAL_DIODES and clamp == real_diode(clamp.name):
        return [f'kind = "{clamp.name}"']
    kind = "ideal" if isinstance(clamp, IdealClamp) else "diode"
    lines = [f"{key} = {how.write(getattr(clamp, key))}" for key, how in HOPFIELD.kinds["clamp"][kind].items()]
    return [f'kind = "{kind}"', *lines]
