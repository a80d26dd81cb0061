"""Checking the whole log: each chain in itself, and against what the checkpoints saw."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.utils import timezone

from audit.checkpointing import heads
from audit.history import History, Seen, load_history
from audit.models import Entry
from audit.signing import signing_keys
from audit.walk import Walk, walk
from dermalia.tenancy import practice_scope

# Checkpoints are made every hour; one may be late, not two.
COVERED_WITHIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a practice's log, and at which entry it begins."""

    entry: int
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one practice's log."""

    practice: int
    entries: int
    problems: list[Problem]


@dataclass(slots=True)
class Verification:
    """On the whole log. ``key`` is the fingerprint of the key that signs checkpoints now."""

    key: str
    checkpoints: int
    newest_checkpoint: datetime | None
    checkpoint_problems: list[str]
    practices: list[Verdict] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.checkpoint_problems and not any(v.problems for v in self.practices)

    def as_json(self) -> dict[str, Any]:
        newest = self.newest_checkpoint
        return {
            **asdict(self),
            "newest_checkpoint": newest.isoformat() if newest else None,
            "good": self.good,
        }


def verify(practice_id: int | None = None) -> Verification:
    """Check the log of one practice or of all, with every checkpoint there is.

    Raises:
        ImproperlyConfigured: the signing key is missing or open to others.
    """
    keys = signing_keys()
    # First of all: what a checkpoint saw is in the database by now.
    history = load_history(keys)
    verification = Verification(keys.fingerprint, history.count, history.newest, history.problems)
    wanted = known_practices(history) if practice_id is None else [practice_id]
    for known in wanted:
        with practice_scope(known):
            verification.practices.append(verify_practice(known, history))
    return verification


def known_practices(history: History) -> list[int]:
    """Every practice that has a log, had one, or should have one."""
    practices = apps.get_model("practices", "Practice").objects.values_list("pk", flat=True)
    return sorted({*practices, *heads(), *history.seen})


def verify_practice(practice_id: int, history: History) -> Verdict:
    """Check the chain of the practice in scope."""
    seen = history.seen.get(practice_id, {})
    found = walk({sequence: at.hash for sequence, at in seen.items() if sequence})
    problems = list(_problems(found, seen))
    if not problems:
        problems += _uncovered(found, history.covered.get(practice_id, 0))
    return Verdict(practice_id, found.length, problems)


def _problems(found: Walk, seen: dict[int, Seen]) -> Iterator[Problem]:
    if found.broken_at is not None:
        yield Problem(found.broken_at, f"entry {found.broken_at} {found.why}")
    if found.differing:
        yield _rewritten(found, seen)
    longest = max(seen, default=0)
    if longest > found.length and found.broken_at is None:
        yield Problem(
            found.length + 1,
            f"entries {found.length + 1} to {longest} are missing: {seen[longest].checkpoint}"
            " saw them",
        )


def _rewritten(found: Walk, seen: dict[int, Seen]) -> Problem:
    """The first entry a checkpoint saw otherwise, and the last one before it that still fits."""
    differs = found.differing[0]
    fits = max((sequence for sequence in seen if sequence < differs), default=0)
    return Problem(
        differs,
        f"entry {differs} is not the one that {seen[differs].checkpoint} saw:"
        f" the log was rewritten somewhere after entry {fits}",
    )


def _uncovered(found: Walk, covered: int) -> Iterator[Problem]:
    if found.length <= covered:
        return
    oldest = Entry.objects.get(sequence=covered + 1)
    if oldest.at < timezone.now() - COVERED_WITHIN:
        yield Problem(
            oldest.sequence,
            f"no checkpoint covers the entries from {oldest.sequence} on, although it is of"
            f" {oldest.at:%Y-%m-%d %H:%M} UTC: see whether beat and worker run",
        )
