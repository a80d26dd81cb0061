"""One mail in the morning that says how much waits for somebody, and nothing of what it is."""

import logging
from datetime import datetime

from django.utils import timezone

from dermalia.mail import AddressRefused, StaffMailKind, queue_mail
from dermalia.tenancy import current_practice
from practices.models import Practice
from reports.domain.due import BERLIN
from reports.domain.fates import not_arrived
from reports.domain.needs import Need, count_needs
from reports.mail.models import Fate, StaffMail
from reports.mail.staff import dashboard_url
from scans.queries import connections, silent

logger = logging.getLogger(__name__)

# In the morning only: a scan of the day that waits for its flag is work, and no news.
HOURS = range(6, 8)
SUNDAY = 7
# What is planned anyway would make a mail of every morning.
PLANNED = frozenset({Need.ERASURE})
UNWANTED = (Fate.BOUNCED, Fate.COMPLAINED)


def is_time(now: datetime) -> bool:
    """Whether digests are queued at this moment."""
    local = now.astimezone(BERLIN)
    return local.hour in HOURS and local.isoweekday() != SUNDAY


def tell_what_waits(practice: Practice) -> bool:
    """Queue today's digest for the practice in scope, unless nothing waits or it has had one.

    Returns:
        Whether there is a digest of today.
    """
    number = waiting()
    if not number or _refused_before():
        return False
    try:
        queue_mail(
            kind=StaffMailKind.ATTENTION,
            recipient=practice.email,
            language=practice.language,
            context={"url": dashboard_url(practice.language), "number": number},
            once=f"attention/{timezone.now().astimezone(BERLIN).date()}",
        )
    except AddressRefused:
        logger.error("Practice %s has an address that cannot be written to", practice.pk)
        return False
    return True


def waiting() -> int:
    """How many things somebody at the practice in scope has to look at."""
    now = timezone.now()
    needs = count_needs(current_practice())
    scans = sum(number for need, number in needs.scans.items() if need not in PLANNED)
    scanners = sum(bool(each.last_error) or silent(each, now) for each in connections())
    return scans + needs.cases + scanners + StaffMail.objects.filter(not_arrived(now)).count()


def _refused_before() -> bool:
    """Whether the last digests came back or were unwanted: then nobody is written to again,
    until somebody has dealt with that."""
    return StaffMail.objects.filter(
        kind=StaffMailKind.ATTENTION, state__in=UNWANTED, handled_at=None
    ).exists()
