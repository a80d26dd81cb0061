"""The day on which a report is erased."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django.conf import settings

from practices.models import Purpose

BERLIN = ZoneInfo("Europe/Berlin")


def due_date(
    *,
    purpose: str,
    captured_at: datetime,
    created_at: datetime,
    treatment_ended_on: date | None = None,
    months: int | None = None,
) -> date:
    """The first day on which the report is no longer kept.

    Aesthetic: 24 calendar months from the earlier of capture and creation (R42). Medical: ten
    years from the end of treatment, else from capture (§ 630f (3) BGB, R43). Days are those of
    Berlin; where the month has no such day, the period ends on its last (§ 188 (3) BGB).

    Args:
        months: the practice's own instruction, from the same day on (R44).

    Raises:
        ValueError: if the purpose is not set.
    """
    if purpose == Purpose.AESTHETIC:
        start = min(captured_at, created_at).astimezone(BERLIN).date()
        return start + relativedelta(months=months or settings.RETENTION_AESTHETIC_MONTHS)
    if purpose == Purpose.MEDICAL:
        start = treatment_ended_on or captured_at.astimezone(BERLIN).date()
        return start + relativedelta(months=months or 12 * settings.RETENTION_MEDICAL_YEARS)
    raise ValueError("a report without a purpose has no due date")
