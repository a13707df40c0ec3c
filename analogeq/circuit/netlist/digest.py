"""Which netlist a result belongs to."""

from __future__ import annotations

import hashlib


def netlist_hash(text: str) -> str:
    """SHA-256 of a netlist's text, as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
