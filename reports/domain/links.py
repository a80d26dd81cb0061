"""Links of 25 characters: guessed by nobody, stored in clear nowhere."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from reports.models import Link, Report

# 57 symbols without look-alikes (0 O, 1 I l): 25 of them carry 145 bits.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Found:
    """Where a link leads."""

    practice_id: int
    report_id: UUID
    gone: bool


def new_link(*, report: Report) -> str:
    """A fresh link for the report; links it had before are gone with it."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(settings.LINK_LENGTH))
    disable(report_id=report.pk)
    Link.objects.create(digest=digest(text), practice_id=report.practice_id, report_id=report.pk)
    return text


def find(text: str) -> Found | None:
    """The report of a link, or None; unknown and malformed links cost the same."""
    link = (
        Link.objects.filter(digest=digest(text))
        .values_list("practice_id", "report_id", "gone_at")
        .first()
    )
    return Found(*link[:2], gone=link[2] is not None) if link else None


def is_live(text: str) -> bool:
    """Whether the link leads to its report, as far as the link goes."""
    return Link.objects.filter(digest=digest(text), gone_at=None).exists()


def disable(*, report_id: UUID) -> None:
    """From this transaction on, the report's links answer that it is gone."""
    disable_all(report_ids=[report_id])


def disable_all(*, report_ids: Collection[UUID]) -> None:
    """The same of many reports."""
    Link.objects.filter(report_id__in=report_ids, gone_at=None).update(gone_at=Now())


def digest(text: str) -> bytes:
    """The keyed digest under which a link is stored: 32 bytes."""
    return hmac.digest(settings.LINK_PEPPER.encode(), b"link/" + text.encode(), hashlib.sha256)
