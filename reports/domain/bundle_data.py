"""``data.json``: what the rows about one scan hold, described by ``enclosed/data.schema.json``."""

from datetime import UTC, date, datetime
from typing import Any

from audit.models import Entry as LogEntry
from dermalia.sealing.keys import UnlockedKey
from reports.models import Case, Delivery, Report, Visit
from scans.domain.identity import history
from scans.models import Scan
from scans.queries import Measured, measurements, person

FORMAT, SCHEMA_VERSION = "dermalia-data", "1.0"
UNIT = "{score}"  # UCUM's form for what has no unit: the device's own scale
DIRECTION = "higher_is_more"  # more of what was seen; neither better nor worse


def describe(scan: Scan, report: Report | None, key: UnlockedKey) -> dict[str, Any]:
    """All of it, opened, in the practice's scope. No value means that nothing is known.

    Of those who work for the practice only their role is told: who they are is not the person's
    data (CJEU C-579/21).
    """
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "controller": _controller(scan),
        "person": _person(scan, key),
        "scan": _scan(scan),
        "values": [_value(item) for item in measurements(scan=scan, key=key)],
        "report": _report(report) if report is not None else None,
        "mails": _mails(report),
        "visits": _visits(report),
        "requests": _requests(report, key),
        "log": _log(scan, report),
    }


def _controller(scan: Scan) -> dict[str, Any]:
    practice = scan.practice
    return {
        "name": practice.name,
        "street": practice.street,
        "postal_code": practice.postal_code,
        "city": practice.city,
        "phone": practice.phone,
        "email": practice.email,
    }


def _person(scan: Scan, key: UnlockedKey) -> dict[str, Any]:
    who = person(scan=scan, key=key)
    return {
        "first_name": who.first_name or None,
        "email": who.email or None,
        "corrections": [
            {"at": _moment(change.at), "field": change.field, "before": before or None}
            for change, before in history(scan=scan, key=key)
        ],
    }


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "id": str(scan.pk),
        "scan_identifier": scan.scan_identifier,
        "captured_at": _moment(scan.captured_at),
        "device_model": scan.device_model or None,
        "device_serial": scan.device_serial or None,
        "algorithm_version": scan.algorithm_version or None,
        "taken_in_at": _moment(scan.discovered_at),
        "state": scan.state,
    }


def _value(item: Measured) -> dict[str, Any]:
    return {
        "metric": item.metric.value,
        "zone": item.zone.value,
        "value": float(item.value),
        "unit": UNIT,
        "scale_min": float(item.scale_min),
        "scale_max": float(item.scale_max),
        "direction": DIRECTION,
        "estimate": item.metric.is_estimate,
        "origin": "derived" if item.metric.is_estimate else "observed",
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "id": str(report.pk),
        "state": report.state,
        "purpose": report.purpose or None,
        "legal_basis": report.basis or None,
        "legal_basis_on": _day(report.basis_on),
        "legal_basis_version": report.basis_version or None,
        "informed_on": _day(report.informed_on),
        "treatment_ended_on": _day(report.treatment_ended_on),
        "language": report.language,
        "created_at": _moment(report.created_at),
        "released_at": _moment(report.released_at),
        "opened_at": _moment(report.opened_at),
        "restricted_at": _moment(report.restricted_at),
        "restriction": report.restriction or None,
        "erased_on": _day(report.due_on),
    }


def _mails(report: Report | None) -> list[dict[str, Any]]:
    mails = Delivery.objects.filter(report=report).order_by("created_at") if report else []
    return [
        {"queued_at": _moment(mail.created_at), "sent_at": _moment(mail.sent_at)} for mail in mails
    ]


def _visits(report: Report | None) -> list[dict[str, Any]]:
    visits = Visit.objects.filter(report=report).order_by("at") if report else []
    return [
        {
            "at": _moment(visit.at),
            "network": visit.network,
            "browser": visit.browser,
            "device": visit.device,
        }
        for visit in visits
    ]


def _requests(report: Report | None, key: UnlockedKey) -> list[dict[str, Any]]:
    cases = Case.objects.filter(report=report).order_by("opened_at") if report else []
    return [
        {
            "id": str(case.pk),
            "kind": case.kind,
            "state": case.state,
            "reason": case.reason or None,
            "opened_by": case.opened_by,
            "opened_at": _moment(case.opened_at),
            "due_on": _day(case.due_on),
            "extension": case.extension or None,
            "extended_at": _moment(case.extended_at),
            "closed_at": _moment(case.closed_at),
            "message": case.message.open(key) if case.message is not None else None,
        }
        for case in cases
    ]


def _log(scan: Scan, report: Report | None) -> list[dict[str, Any]]:
    about = [scan.pk, report.pk] if report is not None else [scan.pk]
    told = LogEntry.objects.filter(object_id__in=about).order_by("sequence")
    return [
        {"at": _moment(entry.at), "action": entry.action, "role": entry.actor} for entry in told
    ]


def _moment(at: datetime | None) -> str | None:
    """RFC 3339, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None


def _day(on: date | None) -> str | None:
    return on.isoformat() if on is not None else None
