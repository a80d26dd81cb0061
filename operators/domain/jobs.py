"""Jobs that wait for a person."""

from typing import Any

from django.apps import apps

from audit.words import Action
from dermalia.tenancy import practice_scope
from dermalia.work.lease import retry_now
from dermalia.work.models import Work
from operators.domain.log import object_id, tell
from operators.models import Operator, Statement


def kinds() -> list[type[Work]]:
    """Every kind of job there is."""
    return [model for model in apps.get_models() if issubclass(model, Work)]


def set_aside() -> dict[type[Work], int]:
    """How many jobs of each kind no worker touches any more, where there are any."""
    found = {
        kind: kind.across_practices.using("admin").filter(quarantined_at__isnull=False).count()
        for kind in kinds()
    }
    return {kind: number for kind, number in found.items() if number}


def try_again(*, kind: type[Work], practice_id: int, pk: Any, by: Operator, why: Statement) -> None:
    """Give a job that was set aside to the workers once more.

    Raises:
        LookupError: it is not set aside (any more).
    """
    with practice_scope(practice_id):
        job = kind.objects.filter(pk=pk, quarantined_at__isnull=False).first()
        if job is None:
            raise LookupError(f"{kind._meta.label} {pk} is not set aside")
        retry_now(job)
        tell(Action.JOB_RETRIED, who=by, why=why, object_id=object_id(kind._meta.label, pk))
