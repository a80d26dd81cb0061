"""Sealed copies on the practice's NAS, and of the keys in a place of their own.

A copy follows its source: what was erased, pruned or destroyed here is deleted there in the next
round. Names say nothing about anybody, and contents are sealed; the keys that open them must
not lie beside them.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from botocore.exceptions import ClientError
from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

from audit.signing import signing_keys
from backups.domain.schedule import Busy, alone
from dermalia.embedded.layout import Layout
from dermalia.embedded.local import LocalSetup

PIECE = 1024 * 1024
PATIENCE_SECONDS = 600.0
# Backups first: whatever they tell of that was not erased since is then among the objects.
STORES = ("backup", "ledger", "checkpoints", "objects")
# Nothing is ever deleted from these: a copy that has more is newer than this server.
APPENDED = ("ledger", "checkpoints")
_PART = ".part"
_HERE = ".dermalia-copies"


class CopyRefused(Exception):
    """A folder for copies cannot be used; one sentence says why. Copies there stay as they are."""


@dataclass(slots=True)
class Round:
    """What one round did."""

    copied: int = 0
    bytes: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to copy: its name below the folder, its size in bytes, and how to read it."""

    name: PurePosixPath
    size: int
    open: Callable[[], Iterator[bytes]]


def make_copies(setup: LocalSetup, layout: Layout) -> Round:
    """One round to every folder that the set-up names, alone with the backups.

    Raises:
        CopyRefused: a folder is not there, holds more than this server knows of, or failed;
            nothing was deleted in it then.
        Busy: a backup or another round is under way, and does not end in time.
    """
    done, of = Round(), installation()
    with _in_turn():
        if setup.copies:
            require_claimed(Path(setup.copies), of=of)
            copy_stores(Path(setup.copies), done)
        if setup.key_copies:
            require_claimed(Path(setup.key_copies), of=of)
            copy_keys(Path(setup.key_copies), layout, done)
    return done


@contextmanager
def _in_turn() -> Iterator[None]:
    """Alone with the backups: at a worker's start all that is periodic is due at one moment."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with ExitStack() as turn:
        while True:
            try:
                turn.enter_context(alone())
                break
            except Busy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)
        yield


def installation() -> str:
    """What tells this installation from others, and stays when it is restored; not secret."""
    return signing_keys().fingerprint


def claim(folder: Path, *, of: str) -> None:
    """Make the folder one for copies of this installation, told again by a file in it.

    An unmounted NAS is an empty folder, which would fill this server's own disk unnoticed.

    Args:
        of: what tells installations apart; not secret.

    Raises:
        CopyRefused: it holds another installation's, or cannot be written to.
    """
    try:
        held = (folder / _HERE).read_text() if (folder / _HERE).exists() else None
        if held is None:
            (folder / _HERE).write_text(of)
    except OSError as error:
        raise CopyRefused(f"{folder} cannot be written to: {error.strerror}.") from error
    if held not in {None, of}:
        raise CopyRefused(f"{folder} holds copies of another installation: choose another folder.")


def require_claimed(folder: Path, *, of: str) -> None:
    """Raises CopyRefused unless ``claim`` made this folder one for copies of this installation."""
    try:
        held = (folder / _HERE).read_text()
    except OSError as error:
        raise CopyRefused(f"{folder} is not there: is the NAS mounted?") from error
    if held != of:
        raise CopyRefused(f"{folder} holds copies of another installation.")


def copy_stores(folder: Path, done: Round) -> None:
    """Bring the copies of backups, ledger, checkpoints and objects up to date.

    Raises:
        CopyRefused: the folder cannot be written to, or holds what this server has lost.
    """
    for store in APPENDED:
        _require_all_known(folder / store, store)
    for store in STORES:
        _follow(folder / store, list(_stored(store)), done)


def copy_keys(folder: Path, layout: Layout, done: Round) -> None:
    """Bring the copies of everything that opens copies up to date; raises as ``copy_stores``."""
    _follow(folder / "keys", list(_key_files(layout)), done)


def bring_back(folder: Path) -> Round:
    """Put into storage what is missing there and lies in the folder; replaces nothing.

    Backups and ledger are signed and everything else sealed, so that what somebody changed on a
    NAS is refused when it is used.
    """
    done = Round()
    for store in STORES:
        bucket, there = _bucket(store), {source.name for source in _stored(store)}
        for name, path in _files(folder / store):
            if name in there:
                continue
            bucket.upload_file(str(path), str(name))
            done.copied += 1
            done.bytes += path.stat().st_size
    return done


def _require_all_known(folder: Path, store: str) -> None:
    """Whoever was set back to an earlier day must not have the copies follow."""
    lost = {name for name, _ in _files(folder) if name.suffix != _PART}
    lost -= {source.name for source in _stored(store)}
    if lost:
        raise CopyRefused(
            f"{folder} holds {len(lost)} entries that this server has lost: bring the copies back"
            " first (manage.py copies --bring-back), or choose an empty folder."
        )


def _follow(folder: Path, sources: Iterable[Source], done: Round) -> None:
    with _refusing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = dict(_files(folder))
        for source in sources:
            known = there.pop(source.name, None)
            if known is None or known.stat().st_size != source.size:
                try:
                    _copy(source, folder / source.name)
                except ClientError as error:
                    if not _is_gone(error):
                        raise
                    continue  # erased while we were at it: the next round clears what is left
                done.copied += 1
                done.bytes += source.size
        for gone in there.values():
            gone.unlink(missing_ok=True)  # what was broken off has been finished by now
            done.deleted += 1


def _copy(source: Source, goal: Path) -> None:
    """In one step: a copy is whole or not there."""
    goal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = goal.with_name(goal.name + _PART)
    with _private(part) as file:
        for piece in source.open():
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    part.replace(goal)


def _is_gone(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in {"NoSuchKey", "404"}


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CopyRefused(f"Copying to {folder} failed: {error.strerror or error}.") from error


def _files(folder: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    """Plain files below the folder by their names; what was broken off counts as well."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if not path.is_symlink():
                yield PurePosixPath(path.relative_to(folder)), path


def _stored(store: str) -> Iterator[Source]:
    for entry in _bucket(store).objects.all():
        yield Source(PurePosixPath(entry.key), entry.size, _reader(store, entry.key))


def _reader(store: str, key: str) -> Callable[[], Iterator[bytes]]:
    def read() -> Iterator[bytes]:
        body = _bucket(store).Object(key).get()["Body"]
        return iter(lambda: body.read(PIECE), b"")

    return read


def _bucket(store: str) -> Any:
    return cast(S3Storage, storages[store]).bucket


def _key_files(layout: Layout) -> Iterator[Source]:
    single = (
        layout.keyring,
        layout.secrets,
        layout.signing_key,
        layout.local,
        layout.backup_recipients,
    )
    for path in (*single, *sorted(layout.backup_keys.glob("*"))):
        if path.is_file():
            name = PurePosixPath(path.relative_to(layout.data))
            yield Source(name, path.stat().st_size, _file_reader(path))


def _file_reader(path: Path) -> Callable[[], Iterator[bytes]]:
    return lambda: iter([path.read_bytes()])
