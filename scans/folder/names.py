"""Names of files in exports: taken apart, never followed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeVar

from scans.folder.errors import ExportRefused, _

MANIFEST = "manifest.json"
# What operating systems leave behind in any folder.
_LITTER = frozenset({"thumbs.db", "desktop.ini"})
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,63}")

Member = TypeVar("Member")


def is_plain(name: str) -> bool:
    """Whether ``name`` can stand for one folder and nothing else on every system."""
    return _PLAIN.fullmatch(name) is not None


def key_of(name: str) -> str:
    """Equal for names that some file system takes for the same: folders, case and form dropped."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", last).casefold())


def is_litter(name: str) -> bool:
    """Whether a file is none of the scanner's: hidden, or left by an operating system."""
    key = key_of(name)
    return key.startswith(".") or key in _LITTER or "__MACOSX" in name.split("/")


def by_key(members: Iterable[tuple[str, Member]]) -> dict[str, Member]:
    """Members by the key of their name. Raises ExportRefused when two share one."""
    found: dict[str, Member] = {}
    for name, member in members:
        key = key_of(name)
        if not key or key in {".", ".."}:
            raise ExportRefused(_("The export holds a file without a usable name."))
        if key in found:
            raise ExportRefused(_("The export holds two files of the same name."))
        found[key] = member
    return found
