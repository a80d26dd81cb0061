"""Rotating keys: wrapped keys are wrapped anew, objects and texts stay as they are.

Every step may be cut off at any point and done again: both versions open until the last key of
the old one is wrapped anew, and only then may the old one go.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db import connection, models, transaction

from audit.chain import OPERATOR, record
from audit.words import Action, Count
from dermalia.sealing.holders import holders
from dermalia.sealing.keyring import KeyRefused, Keyring, unwrap, wrap
from dermalia.sealing.keys import (
    bound_to_practice,
    bound_to_report,
    bound_to_secrets,
    create_practice_key,
    open_practice_key,
)
from dermalia.sealing.locks import hold_keystore
from dermalia.sealing.models import PracticeKey, ReportKey, SecretsKey
from dermalia.sealing.roots import root_keys
from dermalia.tenancy import practice_scope

BATCH = 5000


class StillInUse(Exception):
    """A root key version still wraps keys."""


# As the database hands binary columns out.
Buffer = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Usage:
    """How many keys each root key version wraps.

    Attributes:
        current: the version that wraps from now on.
        known: the versions the root keys can open.
        practice_keys: by version.
        others: of each holder by its name, by version (``holders``).
    """

    current: int
    known: frozenset[int]
    practice_keys: dict[int, int]
    others: dict[str, Counter[int]]

    @property
    def missing(self) -> frozenset[int]:
        """Versions in use that cannot be opened: keys are lost while this is not empty."""
        return frozenset(self.practice_keys) - self.known

    @property
    def outdated(self) -> int:
        """Practice keys still wrapped by another version than the current one."""
        return self._outdated(self.practice_keys)

    @property
    def others_outdated(self) -> int:
        """The same of all other keys."""
        return sum(map(self._outdated, self.others.values()))

    def wraps(self, version: int) -> dict[str, int]:
        """What a version wraps: how many, by what they are; empty where it wraps nothing."""
        found = {"practice keys": self.practice_keys.get(version, 0)}
        found |= {name: counted[version] for name, counted in self.others.items()}
        return {name: number for name, number in found.items() if number}

    def _outdated(self, counted: Mapping[int, int]) -> int:
        return sum(number for version, number in counted.items() if version != self.current)


def usage() -> Usage:
    """Counted over all practices, as the role that sees versions and nothing else."""
    roots = root_keys()
    rows = PracticeKey.across_practices.using("sweeper").values_list("root_version", flat=True)
    return Usage(
        current=roots.current,
        known=roots.versions,
        practice_keys=dict(Counter(rows.iterator())),
        others={holder.name: holder.by_version() for holder in holders()},
    )


def rewrap_practice_keys() -> int:
    """Wrap every practice key by the current root version; one transaction per practice.

    Returns:
        How many were wrapped anew.
    """
    return sum(_rewrap_practice(practice_id) for practice_id in _outdated_practices())


def rewrap_others() -> int:
    """Wrap by the current root version whatever else is wrapped by an older one; how many."""
    return sum(holder.rewrap() for holder in holders())


def add_root_version(path: Path) -> int:
    """Add a root key version to the keyring file; it wraps from now on.

    Returns:
        Its number.
    """
    with transaction.atomic():
        hold_keystore()
        ring = Keyring.read(path).with_new_version()
        ring.write(path)
    return ring.current


def retire_root_version(path: Path, *, version: int) -> None:
    """Take a root key version out of the keyring file for good.

    Raises:
        StillInUse: keys are wrapped by it.
        ValueError: it is the current one, or not there.
    """
    with transaction.atomic():
        # Nobody makes a practice key under the version while we look and write.
        hold_keystore()
        in_use = usage().wraps(version)
        if in_use:
            wraps = ", ".join(f"{number} {name}" for name, number in in_use.items())
            raise StillInUse(f"Root key version {version} still wraps {wraps}.")
        Keyring.read(path).without(version).write(path)


def rotate_practice(*, practice_id: int) -> int:
    """Give a practice a new key, wrap all its keys by it, and delete the old one.

    Returns:
        How many keys were wrapped anew.
    """
    with practice_scope(practice_id):
        create_practice_key()
    return finish_rotation(practice_id=practice_id)


def finish_rotation(*, practice_id: int) -> int:
    """Wrap by a practice's newest key what its older ones wrap, then delete those.

    Each batch commits by itself, and a batch that is done stays done.

    Returns:
        How many keys were wrapped anew.

    Raises:
        KeyRefused: a wrapped key was tampered with; its practice's older key stays.
    """
    done = 0
    while moved := _rewrap_batch(practice_id):
        done += moved
    with practice_scope(practice_id):
        hold_keystore()
        # What was made under the old key while the batches ran: no more of these can come.
        done += _rewrap_batch(practice_id, size=None)
        newest = PracticeKey.objects.latest("version")
        PracticeKey.objects.filter(version__lt=newest.version).delete()
        record(Action.KEYS_ROTATED, who=OPERATOR, counts={Count.KEYS: done})
    return done


def has_keys(*, practice_id: int) -> bool:
    """Whether this practice has a key at all."""
    with practice_scope(practice_id):
        return PracticeKey.objects.exists()


def unfinished_rotations() -> list[int]:
    """Practices that still have an older key beside their newest."""
    keys = PracticeKey.across_practices.using("sweeper").values("practice_id")
    several = keys.annotate(count=models.Count("id")).filter(count__gt=1)
    return sorted(several.values_list("practice_id", flat=True))


def _outdated_practices() -> list[int]:
    keys = PracticeKey.across_practices.using("sweeper").exclude(root_version=root_keys().current)
    return sorted(set(keys.values_list("practice_id", flat=True)))


def _rewrap_practice(practice_id: int) -> int:
    roots, done = root_keys(), 0
    with practice_scope(practice_id):
        rows = PracticeKey.objects.select_for_update().exclude(root_version=roots.current)
        for row in rows:
            row.root_version, row.wrapped = roots.wrap(
                open_practice_key(row), bound_to=bound_to_practice(practice_id, row.version)
            )
            row.save(update_fields=["root_version", "wrapped"])
            done += 1
        if done:
            record(Action.KEYS_ROTATED, who=OPERATOR, counts={Count.KEYS: done})
    return done


def _rewrap_batch(practice_id: int, *, size: int | None = BATCH) -> int:
    with practice_scope(practice_id):
        newest = PracticeKey.objects.latest("version")
        outer = {row.version: open_practice_key(row) for row in PracticeKey.objects.all()}
        moving = Moving(practice_id, newest.version, outer)
        return _rewrap_reports(moving, size) or _rewrap_secrets(moving)


@dataclass(frozen=True, slots=True)
class Moving:
    """From which practice key to which; the keys only while a batch lasts."""

    practice_id: int
    newest: int
    outer: dict[int, bytes] = field(repr=False)

    def rewrap(self, version: int, wrapped: bytes, bound_to: Callable[[int], bytes]) -> bytes:
        key = unwrap(self.outer[version], wrapped, bound_to=bound_to(version))
        return wrap(self.outer[self.newest], key, bound_to=bound_to(self.newest))


def _rewrap_reports(moving: Moving, size: int | None) -> int:
    rows = (
        ReportKey.objects.select_for_update()
        .filter(practice_key_version__lt=moving.newest)
        .values_list("pk", "practice_key_version", "wrapped")[:size]
    )
    moved = [(pk, _rewrapped_report(moving, pk, version, wrapped)) for pk, version, wrapped in rows]
    if moved:
        ids, wrapped = zip(*moved, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(REWRAP, [moving.newest, list(ids), list(wrapped), moving.newest])
    return len(moved)


def _rewrapped_report(moving: Moving, pk: UUID, version: int, wrapped: Buffer) -> bytes:
    try:
        return moving.rewrap(
            version, bytes(wrapped), partial(bound_to_report, moving.practice_id, key_id=pk)
        )
    except KeyRefused as error:
        raise KeyRefused(f"Report key {pk} of practice {moving.practice_id}: {error}") from error


def _rewrap_secrets(moving: Moving) -> int:
    row = SecretsKey.objects.select_for_update().filter(practice_key_version__lt=moving.newest)
    for secrets in row:
        secrets.wrapped = moving.rewrap(
            secrets.practice_key_version,
            bytes(secrets.wrapped),
            partial(bound_to_secrets, moving.practice_id),
        )
        secrets.practice_key_version = moving.newest
        secrets.save(update_fields=["practice_key_version", "wrapped"])
    return len(row)


REWRAP = """
    UPDATE keystore."report_key" AS old SET practice_key_version = %s, wrapped = fresh.wrapped
    FROM unnest(%s::uuid[], %s::bytea[]) AS fresh (id, wrapped)
    WHERE old.id = fresh.id AND old.practice_key_version < %s
"""
