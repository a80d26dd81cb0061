"""The receipt of an erasure: what it says, for people and for programs, in either language.

It names no person and no scan identifier, so that it may outlive what it tells of.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from audit.words import Action, Actor
from dermalia.promises import backup_horizon
from reports.models import Report
from reports.pdf import Source
from retention.domain.inventory import in_words
from retention.domain.proof import as_document, days_after, moment
from retention.models import Erasure

SCHEMA = "dermalia/erasure-receipt/1"
RECORD = "erasure-receipt.json"
TOLD = (Action.ERASURE_REQUESTED, Action.ERASURE_REPLAYED)
KEPT = ("receipt", "log entries", "ledger entry", "tombstone")
METHOD = (
    "key destroyed and entered in the ledger",
    "rows deleted",
    "objects deleted in every version, unfinished uploads aborted",
    "storage and database looked through and found empty",
)
ACTORS: dict[str, str | Promise] = {
    Actor.STAFF: _("the practice"),
    Actor.SYSTEM: _("Dermalia, by the rule"),
    Actor.OPERATOR: _("the operator, as instructed"),
    Actor.PATIENT: _("the person"),
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """An erasure with what its receipt says.

    Attributes:
        log_sequence, log_hash: the entry of the practice's log that tells of it last, whose hash
            covers every entry before it.
        unreadable_in_backups_on: when the last backup with its key is gone.
        rows_left_backups_on: when the last backup with its rows, sealed under that key, is gone.
    """

    erasure: Erasure
    log_sequence: int | None
    log_hash: str
    unreadable_in_backups_on: date
    rows_left_backups_on: date

    @property
    def contents(self) -> list[tuple[str, int]]:
        return in_words(self.erasure.inventory)

    @property
    def requested_by(self) -> str:
        return str(ACTORS.get(self.erasure.requested_by, ""))

    @property
    def rule(self) -> str:
        """By which rule it would have been due, or was."""
        rule = self.erasure.due_rule
        return str(Report.DueRule(rule).label) if rule else gettext("It never became a report")

    @property
    def file_name(self) -> str:
        return f"erasure-{self.erasure.requested_at:%Y-%m-%d}-{str(self.erasure.pk)[:8]}"


def receipt_of(erasure: Erasure) -> Receipt:
    """The receipt, in the practice's scope; complete once the erasure is verified.

    Args:
        erasure: with its practice.
    """
    sequence, digest = erasure.log_sequence, erasure.log_hash
    if digest is None:
        told = Entry.objects.filter(object_id=erasure.scan_id, action__in=TOLD)
        entry = told.order_by("-sequence").first()
        sequence, digest = (entry.sequence, entry.hash) if entry else (None, b"")
    # Counted from the request, as key and rows go in its transaction.
    horizon = backup_horizon()
    return Receipt(
        erasure=erasure,
        log_sequence=sequence,
        log_hash=bytes(digest).hex(),
        unreadable_in_backups_on=days_after(erasure.requested_at, horizon.keys_days),
        rows_left_backups_on=days_after(erasure.requested_at, horizon.rows_days),
    )


def as_data(receipt: Receipt) -> dict[str, Any]:
    """The receipt for programs: words of ours, numbers, and times in UTC."""
    erasure = receipt.erasure
    return {
        "schema": SCHEMA,
        "number": str(erasure.pk),
        "practice": {"id": erasure.practice_id, "name": erasure.practice.name},
        "reference": str(erasure.scan_id),
        "state": erasure.state,
        "purpose": erasure.purpose or None,
        "reason": erasure.reason,
        "requested_by": erasure.requested_by or None,
        "due": {"on": _day(erasure.due_on), "rule": erasure.due_rule or None},
        "requested_at": moment(erasure.requested_at),
        "verified_at": moment(erasure.verified_at),
        "seconds": erasure.seconds,
        "erased": {
            "keys": 1,
            "objects": erasure.objects_erased,
            "bytes": erasure.bytes_erased,
            **erasure.inventory,
        },
        "method": list(METHOD),
        "storage_region": settings.S3_REGION,
        "key_left_backups_on": _day(receipt.unreadable_in_backups_on),
        "rows_left_backups_on": _day(receipt.rows_left_backups_on),
        "kept": list(KEPT),
        "log": {"sequence": receipt.log_sequence, "sha256": receipt.log_hash},
    }


def as_json(receipt: Receipt) -> bytes:
    """The same, as a file: equal receipts are equal files."""
    return json.dumps(as_data(receipt), ensure_ascii=False, sort_keys=True, indent=1).encode()


def as_source(receipt: Receipt, *, language: str | None = None) -> Source:
    """What ``reports.pdf.typeset`` makes the document of; its JSON is attached to it.

    Args:
        language: ``de`` or ``en``; the one in use by default.
    """
    erasure = receipt.erasure
    return as_document(
        "retention/receipt_document.html",
        {"receipt": receipt, "erasure": erasure, "practice": erasure.practice},
        at=erasure.verified_at or erasure.requested_at,
        language=language,
        record=(RECORD, as_json(receipt), _("The same receipt for programs")),
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
