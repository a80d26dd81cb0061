"""What a drill looks at, from within the restored database."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from audit.access import record_access
from audit.chain import OPERATOR
from audit.words import Action
from backups.domain.replay import came_back
from backups.domain.restoring import Restored
from backups.ledger import Fact
from dermalia.sealing import keys, objects
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.keyring import KeyRefused
from dermalia.sealing.keys import KeyDestroyed, UnlockedKey
from dermalia.sealing.models import LedgerEntry, ReportKey
from dermalia.tenancy import practice_scope
from practices.models import Practice
from retention.models import Erasure
from scans.models import Asset, Identity, Scan


class NotProved(Exception):
    """Something erased came back, or something alive does not open; a sentence says which."""


@dataclass(slots=True)
class Findings:
    """What came of a drill; the fields of ``DrillResult``."""

    problem: str = ""
    entries: int = 0
    erased_again: int = 0
    rows: int = 0
    sampled: int = 0
    objects_opened: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def prove(restored: Restored, facts: Sequence[Fact], *, sample: int) -> Findings:
    """Look whether nothing erased came back, and whether what is alive opens."""
    found = Findings(
        entries=restored.replayed.entries,
        erased_again=len(restored.replayed.erasures),
        rows=sum(restored.data.rows.values()),
    )
    try:
        _require_gone(facts)
        _require_objects_gone(restored.replayed.erasures)
        for practice_id, scan_id in _sample(sample):
            found.objects_opened += _open(practice_id, scan_id)
            found.sampled += 1
    except NotProved as problem:
        found.problem = str(problem)
    return found


def _require_gone(facts: Sequence[Fact]) -> None:
    """Raises ``NotProved`` if a row or key of anything in the ledger is here."""
    wanted: dict[int, set[UUID]] = {}
    for fact in facts:
        wanted.setdefault(fact.practice_id, set()).add(fact.key_id)
    for practice_id, key_ids in wanted.items():
        if came_back(practice_id):
            raise NotProved(f"Erased scans of practice {practice_id} came back.")
        with practice_scope(practice_id):
            keys_left = ReportKey.objects.filter(
                pk__in=LedgerEntry.objects.values("key_id")
            ).exists()
            known = set(LedgerEntry.objects.values_list("key_id", flat=True))
        if keys_left or not key_ids <= known:
            raise NotProved(f"Destroyed keys of practice {practice_id} came back.")


def _require_objects_gone(erasures: Sequence[tuple[int, UUID]]) -> None:
    """Raises ``NotProved`` if storage still has objects of a scan that was erased."""
    for practice_id, pk in erasures:
        with practice_scope(practice_id):
            prefix = Erasure.objects.values_list("prefix", flat=True).get(pk=pk)
        if not objects.is_empty(prefix):
            raise NotProved(f"Storage still has objects of an erased scan: {prefix}")


def _sample(size: int) -> list[tuple[int, UUID]]:
    """Scans with files, drawn at random from all practices."""
    alive: list[tuple[int, UUID]] = []
    for practice_id in Practice.objects.values_list("pk", flat=True):
        with practice_scope(practice_id):
            stored = Asset.objects.filter(stored_at__isnull=False)
            scans = stored.values_list("scan_id", flat=True).distinct()
            alive += [(practice_id, scan_id) for scan_id in scans]
    return random.SystemRandom().sample(alive, min(size, len(alive)))


def _open(practice_id: int, scan_id: UUID) -> int:
    """Open every object and text of a scan; how many objects. Nothing of them is kept.

    Raises:
        NotProved: one does not open, or is not what was stored.
    """
    with practice_scope(practice_id):
        scan = Scan.objects.get(pk=scan_id)
        access = record_access(Action.SCAN_VIEWED, who=OPERATOR, object_id=scan_id)
        try:
            key = keys.unlock(scan.key_id, access=access)
            _open_texts(scan, key)
        except (KeyDestroyed, KeyRefused, SealBroken) as error:
            raise NotProved(f"A report's key or name does not open: {error}") from error
        assets = list(
            Asset.objects.filter(scan=scan, stored_at__isnull=False).values_list(
                "object_name", "sha256"
            )
        )
    for name, sha256 in assets:
        _open_object(key, name, sha256)
    return len(assets)


def _open_texts(scan: Scan, key: UnlockedKey) -> None:
    for identity in Identity.objects.filter(scan=scan):
        for sealed in (identity.first_name, identity.email):
            if sealed is not None:
                sealed.open(key)


def _open_object(key: UnlockedKey, name: str, sha256: bytes | memoryview | None) -> None:
    digest = hashlib.sha256()
    try:
        for piece in objects.read(key, name):
            digest.update(piece)
    except (SealBroken, FileNotFoundError) as error:
        raise NotProved(f"An object of a live report does not open: {error}") from error
    if sha256 is not None and digest.digest() != bytes(sha256):
        raise NotProved(f"An object of a live report is not what was stored: {name}")
