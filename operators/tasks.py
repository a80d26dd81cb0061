import logging

from celery import shared_task
from django.conf import settings

from operators.domain.incidents import note_arrivals, overdue
from operators.domain.sessions import forget_ended_sessions

logger = logging.getLogger(__name__)


@shared_task(name="operators.tasks.keep_watch")
def keep_watch() -> None:
    """Note which notices have arrived, raise the alarm about late ones, forget ended sessions."""
    forget_ended_sessions()
    if not settings.ADMIN_HOST:
        return
    note_arrivals()
    for incident in overdue():
        logger.error("Incident %s: practices are not told after 24 hours", incident.reference)
