"""The certificate of the erasure of everything: counts and a hash, no person.

Signed with the key that signs the log's checkpoints, so that the file proves itself later.
"""

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.signing import signing_keys
from closing.models import Everything
from dermalia.promises import backup_horizon
from reports.pdf import Source
from retention.domain.proof import as_document, days_after, moment
from retention.domain.receipt import ACTORS, METHOD
from retention.models import Erasure

SCHEMA = "dermalia/erasure-certificate/1"
RECORD = "erasure-certificate.json"
KEPT = ("certificate", "receipts", "log entries", "ledger entries", "tombstones")
KEPT_AFTER_CLOSING = (
    "name of the practice",
    "agreements and instructions",
    "objections to processors",
    "cases without message",
)
WORDS: dict[str, str | Promise] = {
    "practices.User": _("Accounts of the team"),
    "practices.Passkey": _("Passkeys"),
    "practices.StaffSession": _("Sessions"),
    "scans.Connection": _("Connections to scanners"),
    "reports.StaffMail": _("Mails to the practice"),
    "onboarding.Particulars": _("Particulars of the practice"),
    "onboarding.Recipient": _("Recipients"),
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """An order with what its certificate says.

    Attributes:
        scans, objects, bytes, rows: of the erasures that were done for it and are verified.
        waiting: erasures that are not verified yet.
        keys_gone_on, rows_gone_on: when no backup has a key, or a sealed row, of it any more.
    """

    order: Everything
    scans: int
    waiting: int
    objects: int
    bytes: int
    rows: int
    keys_gone_on: date
    rows_gone_on: date

    @property
    def done(self) -> bool:
        return self.order.verified_at is not None

    @property
    def percent(self) -> int:
        """How far it is, in whole percent."""
        return 100 if self.done else min(99, 100 * self.scans // max(1, self.order.of_scans))

    @property
    def requested_by(self) -> str:
        return str(ACTORS.get(self.order.requested_by, ""))

    @property
    def log_hash(self) -> str:
        return bytes(self.order.log_hash or b"").hex()

    @property
    def of_practice(self) -> list[tuple[str, int]]:
        """What went of the practice itself, in words; what has none is counted together."""
        known = [
            (str(word), self.order.rows[k]) for k, word in WORDS.items() if k in self.order.rows
        ]
        others = sum(number for label, number in self.order.rows.items() if label not in WORDS)
        return known + ([(gettext("Others"), others)] if others else [])

    @property
    def file_name(self) -> str:
        return f"erasure-certificate-{self.order.requested_at:%Y-%m-%d}-{str(self.order.pk)[:8]}"


def certificate_of(order: Everything) -> Certificate:
    """The certificate, in the practice's scope; complete once the order is verified.

    Args:
        order: with its practice.
    """
    erasures = Erasure.objects.filter(batch=order.pk)
    verified = erasures.filter(verified_at__isnull=False)
    sums = verified.aggregate(
        scans=Count("pk"),
        objects=Sum("objects_erased"),
        bytes=Sum("bytes_erased"),
        rows=Sum("rows"),
    )
    horizon, ended = backup_horizon(), order.verified_at or order.requested_at
    return Certificate(
        order=order,
        scans=sums["scans"],
        waiting=erasures.count() - sums["scans"],
        objects=sums["objects"] or 0,
        bytes=sums["bytes"] or 0,
        rows=sums["rows"] or 0,
        keys_gone_on=days_after(ended, horizon.keys_days),
        rows_gone_on=days_after(ended, horizon.rows_days),
    )


def as_data(certificate: Certificate) -> dict[str, Any]:
    """The certificate for programs: words of ours, numbers, and times in UTC."""
    order = certificate.order
    return {
        "schema": SCHEMA,
        "number": str(order.pk),
        "practice": {"id": order.practice_id, "name": order.practice.name},
        "reason": order.kind,
        "state": order.state,
        "requested_by": order.requested_by,
        "requested_at": moment(order.requested_at),
        "verified_at": moment(order.verified_at),
        "seconds": order.seconds,
        "erased": {
            "scans": certificate.scans,
            "keys": certificate.scans + order.keys,
            "objects": certificate.objects,
            "bytes": certificate.bytes,
            "rows": certificate.rows,
            "practice_rows": order.rows,
        },
        "spared_as_restricted": order.spared,
        "method": list(METHOD),
        "storage_region": settings.S3_REGION,
        "keys_left_backups_on": certificate.keys_gone_on.isoformat(),
        "rows_left_backups_on": certificate.rows_gone_on.isoformat(),
        "kept": [*KEPT, *(KEPT_AFTER_CLOSING if order.closes else ())],
        "log": {"sequence": order.log_sequence, "sha256": certificate.log_hash},
    }


def as_json(certificate: Certificate) -> bytes:
    """The same as a signed file: equal certificates are equal files."""
    return signed(as_data(certificate))


def signed(told: dict[str, Any]) -> bytes:
    """JSON with an Ed25519 signature over itself without that: sorted keys, no blanks, UTF-8."""
    keys = signing_keys()
    told = told | {"signed_by": keys.fingerprint}
    message = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    told["signature"] = b64encode(keys.sign(message)).decode()
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode()


def as_source(certificate: Certificate, *, language: str | None = None) -> Source:
    """What ``reports.pdf.typeset`` makes the document of; its JSON is attached to it."""
    order = certificate.order
    return as_document(
        "closing/certificate_document.html",
        {"certificate": certificate, "order": order, "practice": order.practice},
        at=order.verified_at or order.requested_at,
        language=language,
        record=(RECORD, as_json(certificate), _("The same certificate for programs")),
    )
