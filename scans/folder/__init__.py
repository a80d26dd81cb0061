"""A folder that a scanner exports to: for practices whose data never leave their own network.

An export is a folder or a ZIP file with a ``manifest.json`` (the cluster's manifest without
addresses) and the files it names. Nothing in it is trusted: not the names, not the sizes, not the
kind of file behind a name. Needs no Django.
"""

from scans.folder.errors import (
    Damaged,
    ExportRefused,
    FolderError,
    FolderUnavailable,
    NeverFinished,
    NotThere,
)
from scans.folder.source import Finding, FolderSource, Found

__all__ = [
    "Damaged",
    "ExportRefused",
    "Finding",
    "FolderError",
    "FolderSource",
    "FolderUnavailable",
    "Found",
    "NeverFinished",
    "NotThere",
]
