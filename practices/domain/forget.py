"""What sign-in leaves behind, deleted when its time is over."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from dermalia.tenancy import practice_scope
from practices.domain.challenges import forget_old_challenges
from practices.domain.sessions import forget_ended_sessions
from practices.models import Attempt, Practice, SignInLink

ATTEMPTS_KEPT = timedelta(days=1)


def forget_everything_expired() -> None:
    """Delete expired links, challenges, counted tries and sessions of every practice."""
    SignInLink.objects.filter(expires_at__lte=Now()).delete()
    Attempt.objects.filter(last_at__lt=Now() - ATTEMPTS_KEPT, blocked_until__lt=Now()).delete()
    Session.objects.filter(expire_date__lte=Now()).delete()
    forget_old_challenges()
    for practice_id in Practice.objects.values_list("pk", flat=True):
        with practice_scope(practice_id):
            forget_ended_sessions()
