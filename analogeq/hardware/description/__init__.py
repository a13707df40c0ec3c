"""Technologies as TOML: one table a part of the chip, every value with its unit.

``[chip] family`` says which circuit family the file is of, and with it which tables there are
(`analogeq.hardware.description.vocabulary`). A key that is left out has the value of the family's
default technology; a key or a table that is not known is refused with the nearest that is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from analogeq.errors import TechnologyError
from analogeq.hardware.description import hopfield, resistive
from analogeq.hardware.description.vocabulary import family_called, read_family, refuse_unknown_table
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.hardware.technology import Technology

_DEFAULTS = {"hopfield": "default_technology.toml", "resistive": "default_resistive_technology.toml"}


def default_technology_toml(family: str = "hopfield") -> str:
    """Return the default technology of a family as a commented TOML file.

    Parameters
    ----------
    family : {"hopfield", "resistive"}
    """
    name = _DEFAULTS[family_called(family, "family").family]
    return (resources.files("analogeq.hardware") / name).read_text(encoding="utf-8")


def load_technology(path: str | Path) -> Technology | ResistiveTechnology:
    """Read a technology of either family from a TOML file.

    Raises
    ------
    TechnologyError
        If the file cannot be read or `technology_from_toml` refuses what it says.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TechnologyError(f"{file}: cannot be read ({error}); check the path") from error
    return technology_from_toml(text, source=str(file), folder=file.parent)


def technology_from_toml(
    text: str, *, source: str = "technology", folder: Path | None = None
) -> Technology | ResistiveTechnology:
    """Read a technology from TOML text.

    Parameters
    ----------
    text : str
        As `default_technology_toml` shows it.
    source : str
        Where the text is from, for messages.
    folder : Path, optional
        Below which files that the text names are looked for; without it there may be none.

    Raises
    ------
    TechnologyError
        If it is no TOML, a table or key is unknown or of another family, a value lacks its unit, has
        one that could mean two things or of another dimension, or is out of range.
    """
    try:
        return technology_from_tables(tomllib.loads(text), folder)
    except tomllib.TOMLDecodeError as error:
        raise TechnologyError(f"{source}: is not TOML: {error}") from error
    except TechnologyError as error:
        raise TechnologyError(f"{source}: {error}") from error


def to_toml(technology: Technology | ResistiveTechnology) -> str:
    """Write a technology as TOML that reads back equal, whatever files it was read from."""
    parts = resistive.parts(technology) if isinstance(technology, ResistiveTechnology) else hopfield.parts(technology)
    return "\n\n".join("\n".join([f"[{table}]", *lines]) for table, lines in parts.items()) + "\n"


def technology_from_tables(
    tables: Mapping[str, object], folder: Path | None = None
) -> Technology | ResistiveTechnology:
    """Read a technology from tables as TOML holds them; see `technology_from_toml`."""
    family = read_family(tables)
    held: dict[str, Mapping[str, object]] = {}
    for name, table in tables.items():
        refuse_unknown_table(name, family)
        if not isinstance(table, Mapping):
            raise TechnologyError(f"{name}: is a table; begin it with a line [{name}]")
        held[name] = table
    if family.family == "resistive":
        return resistive.read(held, folder)
    return hopfield.read(held, folder)
