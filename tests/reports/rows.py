"""Rows of scans and reports without their files: for what only looks at rows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import create_report_key, unlock_secrets
from reports.models import Report
from scans.models import Connection, Scan

_UNSET: Any = object()


def add_row(
    account: Connection,
    identifier: str,
    *,
    captured_at: datetime | None = _UNSET,
    state: Scan.State | None = None,
    last_error: str = "",
    report: dict[str, Any] | None = None,
) -> Scan:
    """A scan, ready unless told otherwise, with a report if there is anything to say of one.

    In the practice's scope.
    """
    scan = Scan.objects.create(
        practice_id=account.practice_id,
        connection=account,
        scan_identifier=identifier,
        state=state or Scan.State.READY,
        key_id=create_report_key(),
        prefix=uuid4().hex,
        captured_at=timezone.now() if captured_at is _UNSET else captured_at,
        last_error=last_error,
    )
    if report is not None:
        add_report_row(scan, **report)
    return scan


def add_report_row(scan: Scan, **values: Any) -> Report:
    if values.get("state") == Report.State.RELEASED:
        values.setdefault("due_on", timezone.localdate() + timedelta(days=700))
        values.setdefault("released_at", timezone.now())
        # Sealed under any key: these rows are counted and listed, their links never opened.
        values.setdefault("link", Sealing(unlock_secrets(), "x" * 25))
    return Report.objects.create(practice_id=scan.practice_id, scan=scan, language="de", **values)
