"""All that a legal text can say differently at another installation, or on another day."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone

from dermalia.promises import BREACH_NOTICE_HOURS, backup_horizon
from dermalia.residency.announced import NOTICE
from dermalia.residency.register import companies
from dermalia.residency.services import Service
from onboarding.domain.evidence import Attestation, attestations, concluded
from onboarding.domain.measures import measures_on

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Contracted:
    """A service with what can be shown of the contract with it.

    Attributes:
        since: day of the contract under Art. 28(4) GDPR; None where none is on record.
        attestations: C5 attestations of the company that have not run out.
    """

    service: Service
    since: date | None
    attestations: tuple[Attestation, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers come from the settings, companies from the register, measures from probes."""

    operator: tuple[tuple[str, str], ...]
    officer_email: str
    public_url: str
    contracted: tuple[Contracted, ...]
    regions: tuple[str, ...]
    measures: frozenset[str]
    aesthetic_months: int
    medical_years: int
    erasure_seconds: int
    visit_days: int
    link_length: int
    report_cookie_minutes: int
    rights_months: int
    idle_minutes: int
    session_hours: int
    fresh_minutes: int
    backup_hours: int
    keys_days: int
    rows_days: int
    drill_days: int
    notice_days: int
    breach_hours: int
    export_days: int

    def told(self) -> dict[str, Any]:
        """For a template, by the names of the fields."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {"operator": dict(self.operator)}


def facts() -> Facts:
    """As the installation is set up now. Raises ImproperlyConfigured for what cannot be read."""
    horizon = backup_horizon()
    return Facts(
        operator=tuple(settings.OPERATOR.items()),
        officer_email=settings.PRIVACY_EMAIL,
        public_url=settings.PUBLIC_URL,
        contracted=_contracted(),
        regions=tuple(sorted({settings.S3_REGION, *settings.DECLARED_REGIONS.values()})),
        measures=measures_on(),
        aesthetic_months=settings.RETENTION_AESTHETIC_MONTHS,
        medical_years=settings.RETENTION_MEDICAL_YEARS,
        erasure_seconds=settings.ERASURE_LIMIT_SECONDS,
        visit_days=settings.VISIT_DAYS,
        link_length=settings.LINK_LENGTH,
        report_cookie_minutes=settings.REPORT_COOKIE_SECONDS // MINUTE,
        rights_months=settings.RIGHTS_MONTHS,
        idle_minutes=settings.STAFF_IDLE_SECONDS // MINUTE,
        session_hours=settings.STAFF_SESSION_SECONDS // HOUR,
        fresh_minutes=settings.STAFF_FRESH_SECONDS // MINUTE,
        backup_hours=settings.BACKUP_HOURS,
        keys_days=horizon.keys_days,
        rows_days=horizon.rows_days,
        drill_days=settings.DRILL_DAYS,
        notice_days=NOTICE.days,
        breach_hours=BREACH_NOTICE_HOURS,
        export_days=settings.EXPORT_DAYS,
    )


def _contracted() -> tuple[Contracted, ...]:
    today = timezone.localdate()
    days, shown = concluded(), [one for one in attestations() if one.until >= today]
    return tuple(
        Contracted(
            service=service,
            since=days.get(service.key),
            attestations=tuple(one for one in shown if one.provider == service.entity),
        )
        for service in companies()
    )
