"""Moving exports out of the way, each step such that a crash after it loses nothing."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from scans.folder.errors import FolderUnavailable, _, nameless

DONE, FAILED = "done", "failed"
_REMOVING = ".removing-"
_NOTE = ".txt"
_LONGEST_NAME = 255  # bytes, on every common file system


def keep(export: Path) -> Path:
    """Move an export that was taken in to ``done/``. Returns where it is now.

    Raises FileNotFoundError when somebody else has moved it; FolderUnavailable when the folder
    cannot be written to, and nothing has changed.
    """
    return _move(export, _free(_subfolder(export.parent, DONE), export.name))


def set_aside(export: Path, sentence: str) -> Path:
    """Move an export to ``failed/``, beside a text that says why; else as `keep`.

    The text is there before the export is, so that none ever lies there unexplained.
    """
    goal = _free(_subfolder(export.parent, FAILED), export.name)
    note = goal.with_name(f"{goal.name}{_NOTE}")
    try:
        note.write_text(f"{sentence}\n", encoding="utf-8")
    except OSError as fault:
        raise FolderUnavailable(_("The watched folder cannot be written to.")) from nameless(fault)
    try:
        return _move(export, goal)
    except FileNotFoundError:
        note.unlink(missing_ok=True)
        raise


def remove(export: Path) -> None:
    """Delete an export. It gets a hidden name first: half deleted it must not look like one."""
    hidden = export.with_name(f"{_REMOVING}{secrets.token_hex(8)}")
    _move(export, hidden)
    _delete(hidden)


def require_writable(folder: Path) -> None:
    """Raises FolderUnavailable unless exports can be moved aside here."""
    for name in (DONE, FAILED):
        probe = _subfolder(folder, name) / f".probe-{secrets.token_hex(8)}"
        try:
            probe.touch()
            probe.unlink()
        except OSError as fault:
            raise FolderUnavailable(_("The watched folder cannot be written to.")) from nameless(
                fault
            )


def finish_removals(folder: Path) -> None:
    """Delete what a removal that was interrupted has left."""
    for hidden in folder.glob(f"{_REMOVING}*"):
        _delete(hidden)


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as fault:
        raise FolderUnavailable(_("The watched folder cannot be written to.")) from nameless(fault)


def _subfolder(folder: Path, name: str) -> Path:
    goal = folder / name
    try:
        goal.mkdir(exist_ok=True)
    except OSError as fault:
        raise FolderUnavailable(_("The watched folder cannot be written to.")) from nameless(fault)
    if goal.is_symlink():
        raise FolderUnavailable(_("done/ and failed/ in the watched folder must not be links."))
    return goal


def _free(folder: Path, name: str) -> Path:
    goal = folder / _fitting(name)
    while os.path.lexists(goal):
        goal = folder / _fitting(name, f"-{secrets.token_hex(4)}")
    return goal


def _fitting(name: str, addition: str = "") -> str:
    """``name`` with an addition before its suffix, cut so that a note beside it has a name too.

    A name of full length would otherwise never leave the watched folder.
    """
    suffix = Path(name).suffix if name.lower().endswith(".zip") else ""
    end = os.fsencode(addition + suffix)
    stem = os.fsencode(name.removesuffix(suffix))
    room = _LONGEST_NAME - len(_NOTE) - len(end)
    if len(stem) > room:
        stem = stem[:room].decode(errors="ignore").encode()
    return os.fsdecode(stem + end)


def _move(export: Path, goal: Path) -> Path:
    try:
        os.rename(export, goal)  # noqa: PTH104 the call this rests on: one step, or none
    except FileNotFoundError:
        raise
    except OSError as fault:
        raise FolderUnavailable(_("The watched folder cannot be written to.")) from nameless(fault)
    return goal
