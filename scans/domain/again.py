"""Taking up a scan again that could not be copied or converted."""

from django.utils import timezone

from audit.chain import Who, record
from audit.words import Action
from dermalia.work.lease import retry_now
from scans.models import Scan


def rests(scan: Scan) -> bool:
    """Whether something went wrong with it and nobody is at it now: set aside, or waiting for
    its next attempt."""
    if scan.state == Scan.State.READY:
        return False
    now = timezone.now()
    if scan.leased_until is not None and scan.leased_until > now:
        return False
    return scan.quarantined_at is not None or bool(scan.last_error and scan.next_attempt_at > now)


def take_up_again(*, scan: Scan, who: Who) -> bool:
    """Hand it to the workers at once (in the practice's scope).

    Returns:
        False if there is nothing to do, since it goes on already or is done; nothing is changed.
    """
    held = Scan.objects.select_for_update().get(pk=scan.pk)
    if not rests(held):
        return False
    retry_now(held)
    record(Action.SCAN_RETRIED, who=who, object_id=scan.pk)
    return True
