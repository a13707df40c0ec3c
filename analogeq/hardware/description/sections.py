"""Tables whose keys are fields of a technology: read, written, and put before what the technology says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from analogeq.errors import TechnologyError
from analogeq.hardware.description.vocabulary import Keys, Vocabulary, refuse_unknown_key

Part = TypeVar("Part")


def read_keys(table: str, held: Mapping[str, object], keys: Keys, known: Vocabulary) -> dict[str, object]:
    """Read the keys of a table."""
    values = {}
    for key, value in held.items():
        refuse_unknown_key(key, keys, table, known)
        values[key] = keys[key].read(value, f"[{table}] {key}")
    return values


def read_section(table: str, held: Mapping[str, object], known: Vocabulary) -> dict[str, object]:
    """Read a table as fields of the technology; the family is none."""
    values = read_keys(table, held, known.sections[table], known)
    return {known.field(table, key): value for key, value in values.items() if key != "family"}


def read_part(table: str, held: Mapping[str, object], known: Vocabulary, part: Callable[..., Part]) -> Part:
    """Read a table that is a part of the technology, not fields of it."""
    values = read_keys(table, held, known.sections[table], known)
    try:
        return part(**values)  # the table of keys decides the types, the part checks
    except TechnologyError as error:
        raise TechnologyError(f"[{table}] {error}") from error


def section_lines(table: str, fields: Mapping[str, object], known: Vocabulary) -> list[str]:
    """Write a table; a field that is None and has no word for it is left out."""
    lines = []
    for key, how in known.sections[table].items():
        value = known.family if key == "family" else fields[known.field(table, key)]
        lines.append(f"{key} = {how.write(value)}")
    return lines


def placed(message: str, known: Vocabulary) -> str:
    """Put table and key before a message that begins with the field of a technology."""
    field, colon, rest = message.partition(":")
    for table, keys in known.sections.items():
        for key in keys:
            if known.field(table, key) == field:
                return f"[{table}] {key}{colon}{rest}"
    return message
