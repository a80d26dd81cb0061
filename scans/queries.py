"""Reads over scans, in the practice in scope."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import models
from pydantic import TypeAdapter

from dermalia.sealing.fields import Sealed, Sealing
from dermalia.sealing.keys import UnlockedKey, unlock_secrets
from dermalia.tenancy.statements import Given, Statement
from scans.metrics import Metric, Zone
from scans.models import Asset, Connection, Identity, Scan


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
BERLIN = ZoneInfo("Europe/Berlin")
OPENS_AT, SUNDAY = 8, 7
FIRST_NAME_INDEX, EMAIL_INDEX = "identity.first_name", "identity.email"


def measurements(*, scan: Scan, key: UnlockedKey) -> list[Measured]:
    """The scan's values, opened."""
    if scan.measurements is None:
        return []
    return Measurements.validate_json(scan.measurements.open(key))


def person(*, scan: Scan, key: UnlockedKey) -> Person:
    """First name and e-mail, opened."""
    return opened_person(Identity.objects.filter(scan=scan).first(), key=key)


def opened_person(identity: Identity | None, *, key: UnlockedKey) -> Person:
    """The same of a row that was read before."""
    if identity is None:
        return Person("", "")
    return Person(
        first_name=_open(key, identity.first_name),
        email=_open(key, identity.email),
    )


def first_name(*, scan: Scan, key: UnlockedKey) -> str:
    """The first name, opened; for a scan loaded with its identity."""
    identity: Identity | None = getattr(scan, "identity", None)
    return _open(key, identity.first_name if identity else None)


def connections() -> list[Connection]:
    """What the practice's scans come from, with what says whether it can be heard of."""
    return _CONNECTIONS.rows()


_CONNECTIONS = Statement(
    lambda: (
        Connection.objects.select_related("practice")
        .only("last_listed_at", "last_error", "practice__silent_hours")
        .order_by("pk")
    )
)


def silent(connection: Connection, now: datetime) -> bool:
    """Whether a scanner has not let itself be listed for as many hours as its practice set, on a
    day it should be switched on.

    Monday to Saturday from the time on that it could have been heard of since the morning.
    """
    local = now.astimezone(BERLIN)
    morning = local.replace(hour=OPENS_AT, minute=0, second=0, microsecond=0)
    if local.isoweekday() == SUNDAY or connection.last_listed_at is None:
        return False
    unheard = now - max(connection.last_listed_at, morning)
    return unheard > timedelta(hours=connection.practice.silent_hours) and local > morning


def stored(*, scan: Scan) -> list[Asset]:
    """The files that are stored, in the order they came to be."""
    return _STORED.rows(scan=scan.pk)


def derived(*, scan: Scan) -> list[Asset]:
    """Those among them that were made for showing."""
    return [file for file in stored(scan=scan) if file.origin == Asset.Origin.DERIVED]


_STORED = Statement(
    lambda: Asset.objects.filter(
        scan=Given("scan", models.UUIDField()), stored_at__isnull=False
    ).order_by("stored_at", "name")
)


def scans_of(*, first_name: str = "", email: str = "") -> models.QuerySet[Scan]:
    """Scans of the people called so, or reached so; both where both are given.

    Exact but for case and outer spaces, by blind index: nothing is opened.

    Raises:
        ValueError: neither was given.
    """
    if not first_name and not email:
        raise ValueError("look for a first name, an e-mail address or both")
    found = Scan.objects.all()
    if first_name:
        found = found.filter(identity__first_name_index=first_name_index(first_name))
    if email:
        found = found.filter(identity__email_index=email_index(email))
    return found


def first_name_index(first_name: str) -> bytes:
    """By what the practice's people of this name are found."""
    return unlock_secrets().blind_index(first_name, name=FIRST_NAME_INDEX)


def email_index(email: str) -> bytes:
    """By what the practice's people with this address are found."""
    return unlock_secrets().blind_index(email, name=EMAIL_INDEX)


def _open(key: UnlockedKey, sealed: Sealed | Sealing | None) -> str:
    return "" if sealed is None else sealed.open(key)
