from celery import shared_task

from dermalia.tenancy import practice_scope
from onboarding.domain.notices import tell_practice
from practices.models import Practice


@shared_task(name="onboarding.tasks.tell_practices")
def tell_practices() -> None:
    for practice in Practice.objects.order_by("pk"):
        with practice_scope(practice.pk):
            tell_practice(practice)
