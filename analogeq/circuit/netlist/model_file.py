"""Model files that users bring: read, checked line by line, refused where they hold anything but models.

ngspice runs shell commands, reads files and writes them when a netlist says so, and a broken
expression can end its process. So a model file may hold ``.model``, ``.subckt``, ``.ends`` and
``.param`` cards and the device lines of its subcircuits, in plain characters, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analogeq.circuit.names import name_problem, shown
from analogeq.errors import InputError

LARGEST_FILE = 1_000_000
"""Bytes; a part's model is a few hundred, a manufacturer's library some hundred thousand."""

_LONGEST_LINE = 4_000  # characters, continuations joined
_PLAIN = re.compile(r"[A-Za-z0-9_ .,:=+\-*/^?<>(){}']*")
_DEVICE = re.compile(r"[bcdefghijklmqrsvwx][a-z0-9_]*")
_MODEL = re.compile(
    r"\.model ([a-z][a-z0-9_]*) ?(?:c|csw|d|l|njf|nmf|nmos|npn|pjf|pmf|pmos|pnp|r|sw|vdmos)(?: ?\(.*\)| [^()]*)?"
)
_SUBCKT = re.compile(r"\.subckt ([a-z][a-z0-9_]*)((?: [a-z0-9_]+)+)((?: params:)?(?: [a-z][a-z0-9_]* ?= ?[^ =]+)*)")
_ENDS = re.compile(r"\.ends(?: ([a-z][a-z0-9_]*))?")
_PARAM = re.compile(r"\.param(?: [a-z][a-z0-9_]* ?= ?[^=]+)+")
_FORBIDDEN_WORDS = re.compile(r"\b(?:control|endc|file|filename|include|inc|lib|shell|source|system|write)\b")
_PAIRS = {")": "(", "}": "{"}


@dataclass(frozen=True)
class ModelFile:
    """A model file that passed.

    Attributes
    ----------
    path : Path
        Where it was read.
    lines : tuple of str
        Its lines in lower case, continuations joined, blank lines left out.
    models, subcircuits : tuple of str
        Names it defines, in order.
    """

    path: Path
    lines: tuple[str, ...]
    models: tuple[str, ...]
    subcircuits: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its lines as they may stand in a netlist."""
        return "".join(f"{line}\n" for line in self.lines)


def read_model_file(path: Path, root: Path) -> ModelFile:
    """Read a model file and refuse it unless it holds models and nothing else.

    Parameters
    ----------
    path : Path
        Absolute, or relative to ``root``.
    root : Path
        The folder that model files are allowed in; links are followed before the comparison.

    Raises
    ------
    InputError
        Naming file, line, rule and remedy.
    """
    folder = root.resolve()
    found = (folder / path).resolve()
    if not found.is_relative_to(folder):
        raise InputError(f"model file {shown(str(path))}: outside {folder}; copy it there, or declare another root")
    if not found.is_file():
        raise InputError(f"model file {found}: there is no such file; correct the path")
    size = found.stat().st_size
    if size > LARGEST_FILE:
        raise InputError(f"model file {found}: {size} bytes, more than {LARGEST_FILE}; keep only the parts you use")
    try:
        text = found.read_bytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise InputError(
            f"model file {found}: byte {error.start} is not ASCII; rewrite it in plain characters"
        ) from None
    return parse_models(text, found)


def parse_models(text: str, path: Path) -> ModelFile:
    """Check the text of a model file; ``path`` is for messages."""
    lines: list[str] = []
    models: list[str] = []
    subcircuits: list[str] = []
    inside = ""
    for number, line in _logical_lines(text, path):
        where = f"model file {path}, line {number}"
        inside = _accept(line, where, inside, models, subcircuits)
        lines.append(line)
    if inside:
        raise InputError(f"model file {path}: subcircuit {inside} never ends; add '.ends {inside}'")
    return ModelFile(path, tuple(lines), tuple(models), tuple(subcircuits))


def _logical_lines(text: str, path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their continuations, one space between words, in lower case, with their numbers."""
    first, gathered = 0, ""
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        line = raw.replace("\t", " ").strip(" ").lower()
        if not _PLAIN.fullmatch(line):
            at = next(c for c in line if not _PLAIN.fullmatch(c))
            raise InputError(
                f"model file {path}, line {number}: character {at!r} is not allowed in a model file; "
                "remove comments, quotes and commands"
            )
        if line.startswith("+") and gathered:
            gathered += " " + line[1:]
            continue
        if gathered:
            yield first, " ".join(gathered.split())
        first, gathered = number, line
    if gathered:
        yield first, " ".join(gathered.split())


def _accept(line: str, where: str, inside: str, models: list[str], subcircuits: list[str]) -> str:
    """Check one line; return the subcircuit that is open after it."""
    if len(line) > _LONGEST_LINE:
        raise InputError(f"{where}: {len(line)} characters, more than {_LONGEST_LINE}; split the line into several")
    _refuse_words_and_brackets(line, where)
    if match := _MODEL.fullmatch(line):
        models.append(_checked_name(match[1], where))
        return inside
    if _PARAM.fullmatch(line):
        return inside
    if match := _SUBCKT.fullmatch(line):
        if inside:
            raise InputError(f"{where}: subcircuit inside subcircuit {inside}; end that one first")
        subcircuits.append(_checked_name(match[1], where))
        return match[1]
    if match := _ENDS.fullmatch(line):
        if not inside or match[1] not in (None, inside):
            raise InputError(
                f"{where}: '.ends' where subcircuit {inside or '(none)'} is open; match it with its .subckt"
            )
        return ""
    return _accept_device(line, where, inside)


def _accept_device(line: str, where: str, inside: str) -> str:
    word = line.split()[0]
    if not _DEVICE.fullmatch(word):
        raise InputError(
            f"{where}: {shown(word)} begins neither a .model, .subckt, .ends or .param card as they are written "
            "nor a device; remove the line"
        )
    if not inside:
        raise InputError(f"{where}: device {word} outside a subcircuit would join the circuit itself; put it into one")
    return inside


def _refuse_words_and_brackets(line: str, where: str) -> None:
    if word := _FORBIDDEN_WORDS.search(line):
        raise InputError(f"{where}: the word {word[0]!r} is not allowed in a model file; remove the line")
    if "//" in line:
        raise InputError(f"{where}: '//' begins a comment; remove it")
    open_brackets: list[str] = []
    for character in line:
        if character in "({":
            open_brackets.append(character)
        elif character in ")}" and (not open_brackets or open_brackets.pop() != _PAIRS[character]):
            raise InputError(f"{where}: {character!r} closes nothing; balance the brackets")
    if open_brackets or line.count("'") % 2:
        raise InputError(f"{where}: brackets or quotes stay open; balance them")


def _checked_name(name: str, where: str) -> str:
    problem = name_problem(name)
    if problem is not None:
        raise InputError(f"{where}: name {shown(name)}: {problem[0]}; {problem[1]}")
    return name
