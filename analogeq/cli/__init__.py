"""The command line: parse, call, print."""

from analogeq.cli.app import main

__all__ = ["main"]
