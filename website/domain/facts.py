"""Every number and name on a public page: from the settings and the register, never typed in."""

from typing import Any

from django.conf import settings

from dermalia.residency.register import services
from onboarding.domain.texts import RELEASE, RELEASED_ON
from practices.domain.forget import ATTEMPTS_KEPT
from website.domain.inquiries import KEPT as INQUIRIES_KEPT

MINUTE, HOUR, DAY = 60, 3600, 86_400


def facts() -> dict[str, Any]:
    """What the templates of public pages may name, by the name they know it by."""
    return {
        "operator": settings.OPERATOR,
        "officer_email": settings.PRIVACY_EMAIL,
        "services": services(),
        "release": RELEASE,
        "released_on": RELEASED_ON,
        "aesthetic_months": settings.RETENTION_AESTHETIC_MONTHS,
        "medical_years": settings.RETENTION_MEDICAL_YEARS,
        "erasure_seconds": settings.ERASURE_LIMIT_SECONDS,
        "link_length": settings.LINK_LENGTH,
        "visit_days": settings.VISIT_DAYS,
        "report_cookie_minutes": settings.REPORT_COOKIE_SECONDS // MINUTE,
        "idle_minutes": settings.STAFF_IDLE_SECONDS // MINUTE,
        "fresh_minutes": settings.STAFF_FRESH_SECONDS // MINUTE,
        "session_hours": settings.STAFF_SESSION_SECONDS // HOUR,
        "attempt_hours": int(ATTEMPTS_KEPT.total_seconds()) // HOUR,
        "inquiry_days": INQUIRIES_KEPT.days,
    }
