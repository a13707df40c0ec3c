"""Settling of the resistive family: block coordinate descent, sparse Newton."""

from analogeq.engines.native.resistive.session import ResistiveSession

__all__ = ["ResistiveSession"]
