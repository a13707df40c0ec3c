"""Which of ngspice's lines are errors.

ngspice writes notes, progress and successful rescues (gmin and source stepping) to stderr beside
real errors, and some real errors to stdout. Here a line is judged by what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_HARMLESS = re.compile(
    r"^(?:Note:|Warning:|Doing analysis|Using |No\. of Data|Circuit:|Reference value|\*\*|Background|"
    r"Trying gmin|One successful gmin|Supplies reduced|Transient op |Initial Transient|$)",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"error|fatal|abort|cannot|can't|could not|no such|unknown|undefined|unable|invalid|illegal|"
    r"not found|no circuit|not enough|too many|too few|syntax|interrupted|singular|too small|missing|"
    r"is not a|does not|unimplemented",
    re.IGNORECASE,
)
_SUSPECT_WHILE_LOADING = re.compile(r"^Warning:", re.IGNORECASE)


def strip_stream(line: str) -> str:
    """Take away the stream name that every line of the shared library begins with."""
    stream, _, text = line.partition(" ")
    return text.strip() if stream in ("stdout", "stderr") else line.strip()


def errors_while_running(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines that say an analysis or a command failed; notes and warnings are not among them."""
    texts = (strip_stream(line) for line in lines)
    return tuple(text for text in texts if not _HARMLESS.match(text) and _BAD.search(text))


def errors_while_loading(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines that say the netlist was not taken as written.

    Here a warning counts too: what we write is clean, so anything that ngspice repairs or replaces
    (R = 0 becomes 1 mOhm, say) is a circuit other than the one asked for.
    """
    found = []
    for line in lines:
        text = strip_stream(line)
        if _SUSPECT_WHILE_LOADING.match(text) or (not _HARMLESS.match(text) and _BAD.search(text)):
            found.append(text)
    return tuple(found)
