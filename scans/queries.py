"""Reads over scans, in the practice in scope."""

from dataclasses import dataclass
from decimal import Decimal

from pydantic import TypeAdapter

from dermalia.sealing.keys import Buffer, UnlockedKey
from scans.metrics import Metric, Zone
from scans.models import Asset, Identity, Scan


@dataclass(frozen=True, slots=True)
class Measured:
    """One value as the device gave it, on the device's own scale."""

    metric: Metric
    zone: Zone
    value: Decimal
    scale_min: Decimal
    scale_max: Decimal


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of the scanned person; empty where nothing was given."""

    first_name: str
    email: str


Measurements = TypeAdapter(list[Measured])


def measurements(*, scan: Scan, key: UnlockedKey) -> list[Measured]:
    """The scan's values, opened."""
    if scan.measurements is None:
        return []
    return Measurements.validate_json(key.open_text(scan.measurements, name="scan.measurements"))


def person(*, scan: Scan, key: UnlockedKey) -> Person:
    """First name and e-mail, opened."""
    identity = Identity.objects.filter(scan=scan).first()
    if identity is None:
        return Person("", "")
    return Person(
        first_name=_open(key, identity.first_name, "identity.first_name"),
        email=_open(key, identity.email, "identity.email"),
    )


def first_name(*, scan: Scan, key: UnlockedKey) -> str:
    """The first name, opened; for a scan loaded with its identity."""
    identity: Identity | None = getattr(scan, "identity", None)
    return _open(key, identity.first_name if identity else None, "identity.first_name")


def derived(*, scan: Scan) -> list[Asset]:
    """The files made for showing, in the order conversion gave them."""
    return list(
        Asset.objects.filter(
            scan=scan, origin=Asset.Origin.DERIVED, stored_at__isnull=False
        ).order_by("stored_at", "name")
    )


def _open(key: UnlockedKey, sealed: Buffer | None, name: str) -> str:
    return "" if sealed is None else key.open_text(sealed, name=name)
