"""The report for machines: the JSON file every PDF carries."""

import json
from datetime import UTC, datetime
from typing import Any

from dermalia.sealing.keys import UnlockedKey
from reports.domain.page import Page
from scans.metrics import Metric, Zone
from scans.models import Scan
from scans.queries import Measured, measurements

NAME = "report.json"
MEDIA_TYPE = "application/json"
FORMAT = "dermalia-report"
VERSION = 1

_METRICS, _ZONES = list(Metric), list(Zone)


def encode(*, scan: Scan, page: Page, key: UnlockedKey) -> bytes:
    """What the pages say, as UTF-8 JSON: values as numbers, times in UTC (RFC 3339)."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "notice": page.notice,
        "practice": page.practice.name,
        "first_name": page.first_name or None,
        "capture": {
            "scan_identifier": scan.scan_identifier,
            "captured_at": _moment(page.captured_at),
            "device_model": page.device_model,
            "device_serial": page.device_serial,
            "algorithm_version": page.algorithm_version,
        },
        "erased_on": page.due_on.isoformat() if page.due_on else None,
        "values": [_value(item) for item in sorted(measurements(scan=scan, key=key), key=_place)],
    }
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _place(item: Measured) -> tuple[int, int]:
    return _METRICS.index(item.metric), _ZONES.index(item.zone)


def _value(item: Measured) -> dict[str, Any]:
    return {
        "metric": item.metric.value,
        "zone": item.zone.value,
        "value": float(item.value),
        "scale_min": float(item.scale_min),
        "scale_max": float(item.scale_max),
        "estimate": item.metric.is_estimate,
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
