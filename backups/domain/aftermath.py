"""What else a restore brings back that must not go on as if nothing had happened."""

from django.contrib.sessions.models import Session
from django.db.models.functions import Coalesce, Now

from dermalia.tenancy import practice_scope
from practices.models import Practice, StaffSession
from reports.domain.outbox import NEVER, UNKNOWN
from reports.mail.models import Delivery, Fate, StaffMail

NOT_SENT = (Fate.QUEUED, Fate.SENDING)


def settle_what_a_restore_unsettles() -> None:
    """End every session, and hold every mail that waited when the backup was made.

    Who was signed in then may have been shut out since. A mail that waited then has probably
    been sent since: somebody decides, nobody gets it twice.
    """
    Session.objects.all().delete()
    for practice_id in Practice.objects.order_by("pk").values_list("pk", flat=True):
        with practice_scope(practice_id):
            StaffSession.objects.all().delete()
            for model in (Delivery, StaffMail):
                model.objects.filter(state__in=NOT_SENT).update(
                    state=Fate.UNKNOWN,
                    first_attempt_at=Coalesce("first_attempt_at", "created_at"),
                    last_error=UNKNOWN,
                    message=None,
                    leased_until=None,
                    next_attempt_at=Now() + NEVER,
                )
