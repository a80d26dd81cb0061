"""Scans and reports as rows, for what needs many of them and no faces."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report
from retention.models import DueSweep
from scans.models import Connection, Scan
from tests.reports.rows import add_row

RELEASED = {"state": Report.State.RELEASED, "purpose": "aesthetic"}


def add_reports(account: Connection, number: int, *, due_in: int, **columns: Any) -> list[UUID]:
    """Released reports that are due in so many days; the ids of their scans."""
    day = timezone.localdate() + timedelta(days=due_in)
    given = RELEASED | {"due_on": day, "due_months": 24, "due_from_on": day} | columns
    with practice_scope(account.practice_id):
        start = Scan.objects.count()
        return [add_row(account, f"S-{start + n}", report=dict(given)).pk for n in range(number)]


def sweep_of(practice: Practice) -> DueSweep:
    with practice_scope(practice.pk):
        return DueSweep.objects.get()


def left(practice: Practice) -> int:
    with practice_scope(practice.pk):
        return Scan.objects.count()


def last_swept(practice: Practice, ago: timedelta) -> None:
    """As if the last sweep had been made so long ago, or in the future."""
    with practice_scope(practice.pk):
        DueSweep.objects.update_or_create(
            practice_id=practice.pk, defaults={"ended_at": Now() - ago}
        )
