#!/usr/bin/env python3
"""Checks the export of a practice without Dermalia: whether all of it is there, and unchanged.

    python3 verify_export.py EXPORT.zip

Needs Python 3.9 or newer and nothing else. Ends with 0 if the export is whole, with 1 if not; what
is missing or changed is named. The audit log has a verifier of its own, in the folder "audit".
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST, PRACTICE = "manifest.json", "practice-manifest.json"
FORMAT = "dermalia-export"
MAJOR = "1."
PIECE = 1 << 20
# What another program wrote is not asked for more than an export can need.
LARGEST_MANIFEST = 1 << 28
DAMAGED = (ValueError, KeyError, OSError, EOFError, zlib.error, zipfile.BadZipFile)


class NoExport(Exception):
    """The file is no export, or its list of contents cannot be read."""


@dataclass
class Found:
    """What the check came to."""

    files: int = 0
    bytes: int = 0
    folders: int = 0
    erased: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.problems


def verify(path: Path) -> Found:
    """Read the whole export once. Raises ``NoExport`` where there is nothing to check."""
    found = Found()
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = read_json(archive, MANIFEST)
            if manifest.get("format") != FORMAT:
                raise NoExport(f"{MANIFEST} is not that of an export")
            if not str(manifest.get("schema_version")).startswith(MAJOR):
                raise NoExport(f"version {manifest.get('schema_version')} is not known here")
            check(archive, manifest, found)
    except zipfile.BadZipFile as error:
        raise NoExport(f"the file is cut short or no ZIP file ({error})") from None
    except DAMAGED as error:
        raise NoExport(f"{type(error).__name__}: {error}") from None
    return found


def check(archive: zipfile.ZipFile, manifest: dict[str, Any], found: Found) -> None:
    names = Counter(archive.namelist())
    listed = {MANIFEST}
    for name in sorted(name for name, times in names.items() if times > 1):
        found.problems.append(f"{name} is in the file more than once")
    listed |= check_folder(archive, "", PRACTICE, manifest["practice"], found)
    for folder in manifest["folders"]:
        if folder.get("erased"):
            found.erased += 1
            continue
        found.folders += 1
        listed |= check_folder(archive, f"{folder['path']}/", MANIFEST, folder, found)
    for name in sorted(set(names) - listed):
        found.problems.append(f"{name} is in the file, but in no list")
    for gap in manifest["gaps"]:
        found.problems.append(f"{gap} could not be had when the export was made")
    if manifest["more_gaps"]:
        found.problems.append(f"{manifest['more_gaps']} more files could not be had")


def check_folder(
    archive: zipfile.ZipFile, at: str, name: str, told: dict[str, Any], found: Found
) -> set[str]:
    """Check one folder by its own list. Returns the paths that the list accounts for."""
    path = at + name
    try:
        text = archive.read(path)
        listed = json.loads(text)["files"]
    except DAMAGED as error:
        found.problems.append(f"{path} cannot be read: {reason(error)}")
        return {path}
    if hashlib.sha256(text).hexdigest() != told["sha256"]:
        found.problems.append(f"{path} is not the one that was written")
    if len(listed) + 1 != told["files"]:
        found.problems.append(f"{path} lists {len(listed)} files, {told['files'] - 1} were written")
    found.files += 1
    paths = {path}
    for each in listed:
        paths.add(at + each["path"])
        check_file(archive, at + each["path"], each, found)
    for missing in json.loads(text).get("missing", []):
        found.notes.append(f"{at}{missing['path']} is not in the export: {missing['why']}")
    return paths


def check_file(archive: zipfile.ZipFile, path: str, told: dict[str, Any], found: Found) -> None:
    digest, length = hashlib.sha256(), 0
    try:
        with archive.open(path) as file:
            for piece in pieces(file):
                digest.update(piece)
                length += len(piece)
    except DAMAGED as error:
        found.problems.append(f"{path} cannot be read: {reason(error)}")
        return
    found.files += 1
    found.bytes += length
    if length != told["bytes"]:
        found.problems.append(f"{path} has {length} bytes, {told['bytes']} were written")
    elif digest.hexdigest() != told["sha256"]:
        found.problems.append(f"{path} is not the one that was written")


def reason(error: Exception) -> str:
    return "it is not there" if isinstance(error, KeyError) else str(error)


def pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def read_json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise NoExport(f"there is no {name} in it") from None
    if info.file_size > LARGEST_MANIFEST:
        raise NoExport(f"{name} is too large")
    content = json.loads(archive.read(name))
    if not isinstance(content, dict):
        raise NoExport(f"{name} is not a list of contents")
    return content


def verdicts(found: Found) -> Iterator[str]:
    yield f"OK   {found.folders} scans, {found.files} files, {found.bytes} bytes read"
    if found.erased:
        yield f"NOTE {found.erased} scans were erased before they were sent: they are not in it"
    for note in found.notes:
        yield f"NOTE {note}"
    for problem in found.problems:
        yield f"BAD  {problem}"
    yield "OK   the export is whole" if found.whole else "BAD  the export is not whole"


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks the export of a practice.")
    parser.add_argument("export", type=Path, help="the ZIP file")
    try:
        found = verify(parser.parse_args().export)
    except NoExport as error:
        sys.stdout.write(f"BAD  this cannot be checked: {error}\n")
        return 1
    sys.stdout.write("\n".join(verdicts(found)) + "\n")
    return 0 if found.whole else 1


if __name__ == "__main__":
    sys.exit(main())
