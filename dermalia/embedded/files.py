"""Small private files, written whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dermalia.embedded.errors import EmbeddedError

PRIVATE_MODE = 0o600


def create_once(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON to `path` (mode 0600) unless the file exists already."""
    create_text_once(path, _as_json(content))


def create_text_once(path: Path, text: str) -> None:
    """Write `text` to `path` (mode 0600) unless the file exists already.

    The file appears complete and synced, or not at all; of two processes that try at the
    same time one wins and the other keeps the winner's file.
    """
    draft = _write_draft(path, text)
    try:
        # Unlike rename, link refuses to replace a file that appeared in the meantime.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    sync_folder(path.parent)


def replace(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON to `path` (mode 0600) in one step, whatever was there."""
    _write_draft(path, _as_json(content)).replace(path)
    sync_folder(path.parent)


def read_private(path: Path) -> dict[str, Any]:
    """The JSON object in `path`.

    Raises FileNotFoundError if it is missing, EmbeddedError if other users may read it or it
    is not a JSON object.
    """
    try:
        content = json.loads(read_private_bytes(path))
    except ValueError as error:
        raise EmbeddedError(f"{path} is damaged: restore it from a backup.") from error
    if not isinstance(content, dict):
        raise EmbeddedError(f"{path} is damaged: restore it from a backup.")
    return content


def read_private_bytes(path: Path) -> bytes:
    """What is in `path`.

    Raises FileNotFoundError if it is missing, EmbeddedError if other users may read it.
    """
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode & 0o777
        if mode & 0o077:
            raise EmbeddedError(
                f"{path} is readable by others (mode {mode:04o}): its secrets may be known. "
                f"If nobody else could read it, run: chmod 600 {path}"
            )
        return file.read()


def sync_folder(folder: Path) -> None:
    """Make the names just created in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _as_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1)


def _write_draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(draft, flags, PRIVATE_MODE)
    try:
        if os.geteuid() == 0:  # a secret that root makes is for whoever the folder belongs to
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft
