"""The manifest and the scan list in the cluster's own words."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping

from dermalia.sandbox.faults import Fault
from dermalia.sandbox.isemeco.captured import Measured
from dermalia.sandbox.isemeco.store import StoredAsset, StoredScan

# Our metric names follow the report, the device's own name for this proxy is shorter.
_DEVICE_METRICS = {"hydration_proxy": "hydration"}

# What must never get past the client; the marker lets a test search for traces.
FORBIDDEN_MARKER = "FORBIDDEN-7f3a"
_FORBIDDEN_IN_PATIENT = {
    "birth_date": f"1970-01-01 {FORBIDDEN_MARKER}",
    "insurance": {"number": f"A123456789 {FORBIDDEN_MARKER}", "company": FORBIDDEN_MARKER},
    "diagnoses": [{"code": f"L70.0 {FORBIDDEN_MARKER}"}],
}
_FORBIDDEN_AT_TOP = {"skin_age": 41, "comment": FORBIDDEN_MARKER}
FORBIDDEN_KEYS = 8
"""birth_date; insurance, number, company; diagnoses, code; skin_age, comment."""


def manifest(
    scan: StoredScan,
    *,
    device: Mapping[str, str],
    algorithm_version: str,
    asset_url: Callable[[int], str],
    fault: Fault | None = None,
) -> dict[str, object]:
    """The manifest of a scan. Optional parts are left out when the device has none."""
    extra = fault is not None and fault.kind == "forbidden_keys"
    patient: dict[str, object] = {
        key: value
        for key, value in (("first_name", scan.first_name), ("email", scan.email))
        if value
    }
    if extra:
        patient |= _FORBIDDEN_IN_PATIENT
    content: dict[str, object] = {
        "scan_id": scan.scan_id,
        "device": dict(device),
        "captured_at": scan.captured_at.isoformat(),
        "algorithm_version": algorithm_version,
        "measurements": [_measurement(measured) for measured in scan.measurements],
        "assets": [
            _asset(asset, asset_url(place), fault) for place, asset in enumerate(scan.assets)
        ],
    }
    if patient:
        content["patient"] = patient
    return content | _FORBIDDEN_AT_TOP if extra else content


def _measurement(measured: Measured) -> dict[str, object]:
    return {
        "metric": _DEVICE_METRICS.get(measured.metric, measured.metric),
        "zone": measured.zone,
        "value": measured.value,
        "scale": {"min": measured.scale_min, "max": measured.scale_max},
    }


def _asset(asset: StoredAsset, url: str, fault: Fault | None) -> dict[str, object]:
    lie = int(fault.amount) if fault is not None and fault.kind == "wrong_size" else 0
    return {
        "name": asset.name,
        "kind": asset.kind,
        "light": asset.light,
        "metric": _DEVICE_METRICS.get(asset.metric, asset.metric) if asset.metric else None,
        "media_type": asset.media_type,
        "bytes": len(asset.data) + lie,
        "sha256": asset.sha256,
        "url": url,
    }


def write_cursor(appeared: int) -> str:
    """An opaque cursor that stands behind a scan."""
    return base64.urlsafe_b64encode(str(appeared).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """Where a cursor stands. Raises ValueError for anything we did not write."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return int(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeError, binascii.Error) as fault:
        raise ValueError("not a cursor") from fault
