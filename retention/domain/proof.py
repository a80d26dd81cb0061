"""A proof of an erasure as a document: what receipts and certificates have in common."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, override

from reports.domain.due import BERLIN
from reports.pdf import Attachment, Source
from reports.pdf.styles import style_of


def as_document(
    template: str,
    context: Mapping[str, object],
    *,
    at: datetime,
    language: str | None,
    record: tuple[str, bytes, Promise],
) -> Source:
    """What ``reports.pdf.typeset`` makes the document of; its JSON is attached to it.

    Args:
        at: when it came to be: the same proof is the same file.
        language: ``de`` or ``en``; the one in use by default.
        record: name, content and description of the JSON.
    """
    language = language or get_language() or "de"
    created = at.replace(microsecond=0)
    told = {
        **context,
        "language": language,
        "operator": settings.OPERATOR,
        "region": settings.S3_REGION,
        "created": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    name, content, description = record
    with override(language), timezone.override(BERLIN):
        html, described = render_to_string(template, told), str(description)
    return Source(
        html=html,
        style=style_of(Path(__file__).with_name("receipt.css")),
        attachment=Attachment(name, "application/json", described, content),
        created=created,
    )


def days_after(at: datetime, days: int) -> date:
    """The day in Berlin."""
    return (at + timedelta(days=days)).astimezone(BERLIN).date()


def moment(at: datetime | None) -> str | None:
    """For programs, in UTC."""
    return at.astimezone(UTC).isoformat() if at else None
