"""Weights to other people's formats, and back."""

from analogeq.export.copy_files import SUFFIXES, export_copy, load_copy
from analogeq.export.metadata import CopyGap, CopyMetadata, package_versions

__all__ = ["SUFFIXES", "CopyGap", "CopyMetadata", "export_copy", "load_copy", "package_versions"]
